// What a locale decides, in one place: every format of this folder takes it from here.

export const LOCALE = {
  thousands: ",",
  decimal: ".",
  minus: "−",
  currency: "$",
  currencyWord: "US dollars",
  months: [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
  ],
  /** From Sunday, as `getUTCDay` counts. */
  days: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
} as const;
