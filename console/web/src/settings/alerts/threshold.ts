// A threshold as somebody types it and as the API takes it: each metric has its unit.
import { formatBytes, formatCount, formatUsd } from "@suiftly/ui";
import type { AlertMetricWord } from "@suiftly/ui/api/customer";

/** How a metric's threshold is typed. */
type ThresholdUnit = "usd" | "percent" | "gib" | "count";

const UNITS: Record<AlertMetricWord, ThresholdUnit> = {
  spend: "usd",
  spend_percent: "percent",
  balance_below: "usd",
  requests: "count",
  bytes: "gib",
  errors: "count",
  rejected: "count",
};

const MICRO_USD_PER_CENT = 10_000;
const GIB = 1_073_741_824;

export function unitOf(metric: AlertMetricWord): ThresholdUnit {
  return UNITS[metric];
}

/** Money is typed in cents by its own field. */
export function centsOf(threshold: number | null): number | null {
  return threshold === null ? null : Math.round(threshold / MICRO_USD_PER_CENT);
}

export function ofCents(cents: number | null): number | null {
  return cents === null ? null : cents * MICRO_USD_PER_CENT;
}

/** "10,000" or "1.5" (of GiB); null where it is no number. */
export function readThreshold(unit: Exclude<ThresholdUnit, "usd">, text: string): number | null {
  const bare = text.trim().replace(/(?<=\d)[ ,](?=\d{3}\b)/g, "");
  if (!/^\d+(\.\d+)?$/.test(bare)) return null;
  const value = Number(bare) * (unit === "gib" ? GIB : 1);
  if (unit !== "gib" && !Number.isInteger(value)) return null;
  return Number.isSafeInteger(Math.round(value)) ? Math.round(value) : null;
}

export function writeThreshold(unit: Exclude<ThresholdUnit, "usd">, threshold: number): string {
  if (unit === "gib") return String(Number((threshold / GIB).toFixed(6)));
  return formatCount(threshold);
}

/** "$100.00", "80%", "1.50 GiB", "10,000" */
export function thresholdWords(metric: AlertMetricWord, threshold: number): string {
  switch (unitOf(metric)) {
    case "usd":
      return formatUsd(threshold);
    case "percent":
      return `${formatCount(threshold)}%`;
    case "gib": {
      const { value, unit } = formatBytes(threshold);
      return `${value} ${unit}`;
    }
    case "count":
      return formatCount(threshold);
  }
}
