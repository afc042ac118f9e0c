// Which of a chart's times are labelled, and how.
import { formatDay, formatMinute } from "../format/time";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../timing";

/** Labels do not come closer than this, in pixels. */
const LEAST_DISTANCE = 84;
const MINUTES = [1, 5, 15, 30] as const;
const HOURS = [1, 2, 3, 6, 12] as const;
const DAYS = [1, 2, 3, 5, 7, 14, 30, 60] as const;
const STEPS = [
  ...MINUTES.map((count) => count * MINUTE_MS),
  ...HOURS.map((count) => count * HOUR_MS),
  ...DAYS.map((count) => count * DAY_MS),
];

/** The smallest round step whose labels have room. */
export function tickStep(pixelsPerMs: number): number {
  const least = LEAST_DISTANCE / pixelsPerMs;
  return STEPS.find((step) => step >= least) ?? STEPS.at(-1) ?? DAY_MS;
}

/** Midnight has its date, other times their time of day. */
export function tickLabel(ms: number): string {
  return ms % DAY_MS === 0 ? formatDay(ms) : formatMinute(ms);
}
