// Whole numbers as text. Done on BigInt: a count or an amount is never rounded by a float.
import { LOCALE } from "./locale";

export type Whole = number | bigint;

export const UNKNOWN = "–";

/** 1234567 → "1,234,567"; a true minus; "–" when there is no number. */
export function formatCount(value: Whole | null): string {
  if (value === null) return UNKNOWN;
  const whole = BigInt(value);
  const digits = (whole < 0n ? -whole : whole).toString();
  return (whole < 0n ? LOCALE.minus : "") + groupThousands(digits);
}

export function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, LOCALE.thousands);
}

/**
 * A part of a whole as a percentage with two decimals. Never "100.00%" while something is missing,
 * never "0.00%" while something is there.
 */
export function formatShare(part: Whole, whole: Whole): string {
  const [p, w] = [BigInt(part), BigInt(whole)];
  if (w === 0n) return UNKNOWN;
  const hundredths = divideRounded(p * 10_000n, w);
  if (hundredths === 0n && p > 0n) return "<0.01%";
  if (hundredths === 10_000n && p < w) return ">99.99%";
  return `${withDecimals(hundredths)}%`;
}

/** A measured rate: one decimal while it is small, whole and with commas from 100 on. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return UNKNOWN;
  return perSecond < 99.95 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}

export interface Quantity {
  readonly value: string;
  readonly unit: string;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** 2587650000 → 2.41 GiB. */
export function formatBytes(bytes: Whole): Quantity {
  const exact = BigInt(bytes);
  let power = 0;
  let hundredths = exact * 100n;
  while (hundredths >= 102_400n && power < BYTE_UNITS.length - 1) {
    power += 1;
    hundredths = divideRounded(exact * 100n, 1024n ** BigInt(power));
  }
  const value = power === 0 ? formatCount(exact) : withDecimals(hundredths);
  return { value, unit: BYTE_UNITS[power] ?? "B" };
}

function withDecimals(hundredths: bigint): string {
  const fraction = (hundredths % 100n).toString().padStart(2, "0");
  return `${formatCount(hundredths / 100n)}${LOCALE.decimal}${fraction}`;
}

function divideRounded(dividend: bigint, divisor: bigint): bigint {
  return (dividend * 2n + divisor) / (divisor * 2n);
}
