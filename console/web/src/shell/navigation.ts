// Where one can go: the sidebar, the bar at a phone's bottom, the palette and the keys show the same places.
export interface Place {
  readonly to: "/" | "/usage" | "/keys" | "/billing" | "/activity" | "/settings" | "/support";
  readonly word: string;
  /** The letter that goes there, after a g. */
  readonly letter?: string;
}

export const OVERVIEW = { to: "/", word: "Overview", letter: "o" } as const satisfies Place;

export const ACCOUNT = [
  { to: "/usage", word: "Usage", letter: "u" },
  { to: "/keys", word: "API keys", letter: "k" },
  { to: "/billing", word: "Billing", letter: "b" },
  { to: "/activity", word: "Activity", letter: "a" },
] as const satisfies readonly Place[];

export const END = [
  { to: "/settings", word: "Settings", letter: "s" },
  { to: "/support", word: "Support" },
] as const satisfies readonly Place[];

export const PLACES: readonly Place[] = [OVERVIEW, ...ACCOUNT, ...END];

/** Four words that fit a phone, beside “More”. */
export const TABS = [
  { to: "/", word: "Home" },
  { to: "/usage", word: "Usage" },
  { to: "/keys", word: "Keys" },
  { to: "/billing", word: "Billing" },
] as const;

/** Where “More” leads, as paths. */
export const MORE = ["/services", "/activity", "/settings", "/support"] as const;

/** Pages under these, found by the palette. */
export const DEEPER = [
  { to: "/billing/transactions", word: "Transactions", keywords: "escrow statement of account" },
  { to: "/notifications", word: "Notifications", keywords: "told alerts" },
  { to: "/services/seal/packages", word: "Seal keys and packages", keywords: "" },
  { to: "/settings/alerts", word: "Alerts", keywords: "spend usage threshold" },
  { to: "/settings/webhooks", word: "Webhooks", keywords: "deliveries secret" },
  { to: "/settings/sessions", word: "Sessions", keywords: "sign out signed in browsers devices" },
  { to: "/settings/account", word: "Your data", keywords: "export close account" },
] as const;
