/** One press away. */
export const QUICK_CENTS = [2_500, 10_000, 25_000, 100_000] as const;
/** What stands in the field at first. */
export const FIRST_DEPOSIT_CENTS = 25_000;
