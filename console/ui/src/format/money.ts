// Micro-dollars as text, by integer arithmetic alone.
import { LOCALE } from "./locale";
import { groupThousands, UNKNOWN, type Whole } from "./number";

export interface Money {
  readonly sign: "" | typeof LOCALE.minus;
  /** "1,754" */
  readonly dollars: string;
  /** "21" */
  readonly cents: string;
  /** The two digits below a cent, drawn smaller and grey; what is below them is cut, never rounded up. */
  readonly belowCent: string;
  /** All six decimals: "1,754.215312". */
  readonly exact: string;
}

export function splitMicroUsd(microUsd: Whole): Money {
  const whole = BigInt(microUsd);
  const digits = (whole < 0n ? -whole : whole).toString().padStart(7, "0");
  const dollars = groupThousands(digits.slice(0, -6));
  const fraction = digits.slice(-6);
  const sign = whole < 0n ? LOCALE.minus : "";
  return {
    sign,
    dollars,
    cents: fraction.slice(0, 2),
    belowCent: fraction.slice(2, 4),
    exact: `${sign}${dollars}${LOCALE.decimal}${fraction}`,
  };
}

/** How much is said below the dollar: `cents` are always two; `all` are four, and six where they say more. */
type MoneyDigits = "cents" | "all";

/** 754215300 → "$754.21"; with all digits "$754.2153". What is not shown is cut. */
export function formatUsd(
  microUsd: Whole | null,
  { digits = "cents" }: { digits?: MoneyDigits } = {},
): string {
  if (microUsd === null) return UNKNOWN;
  const { sign, dollars, cents, exact } = splitMicroUsd(microUsd);
  const below = digits === "all" ? belowCents(exact) : "";
  return `${sign}${LOCALE.currency}${dollars}${LOCALE.decimal}${cents}${below}`;
}

/** The digits below a cent, of all six decimals. */
export function belowCents(exact: string): string {
  return exact.slice(-4).replace(/00$/, "");
}

const MICRO_PER_CENT = 10_000n;

/** 25000 → "$250.00" */
export function formatUsdCents(cents: Whole | null): string {
  return cents === null ? UNKNOWN : formatUsd(BigInt(cents) * MICRO_PER_CENT);
}

const AMOUNT = /^(?:\d+|\d{1,3}(?:[ ,]\d{3})+)?(?:\.(\d*))?$/;

/** What somebody typed as an amount, in cents: "250", "$1,000", "20.5", "US$ 20"; null when it is no such thing. */
export function parseUsdCents(text: string): number | null {
  const bare = text.trim().replace(/^(?:USD|US\$|\$)\s*|\s*(?:USD|\$)$/gi, "");
  const match = AMOUNT.exec(bare);
  if (match === null || !/\d/.test(bare)) return null;
  // A part of a cent cannot be paid, and is not silently dropped.
  const fraction = (match[1] ?? "").replace(/0+$/, "");
  if (fraction.length > 2) return null;
  const whole = bare.replace(/\..*$/, "").replace(/[ ,]/g, "");
  const cents = Number(`${whole}${fraction.padEnd(2, "0")}`);
  return Number.isSafeInteger(cents) ? cents : null;
}
