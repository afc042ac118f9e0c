// The last day in the overview's figures.
import type { Point } from "@suiftly/ui";

/** The start of the day (24 h) that ends with the bucket of `now`, and that end. */
export function lastDay(now: number, stepMs: number, dayMs: number): { from: number; to: number } {
  const to = (Math.floor(now / stepMs) + 1) * stepMs;
  return { from: to - dayMs, to };
}

/**
 * Requests of each hour for a spark line. The running hour always looks like a fall, so that it is left out while an
 * hour before it had traffic.
 */
export function sparkValues(buckets: readonly Point[]): readonly number[] {
  const whole = buckets.filter(({ truth }) => truth === "final");
  const shown = whole.some(({ counts }) => counts.requests > 0) ? whole : buckets;
  return shown.map(({ counts }) => counts.requests);
}
