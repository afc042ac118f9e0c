// The points of the last hour: sixty minutes up to now, each with how true it is.
import { NO_COUNTS } from "../counts";
import { freshness } from "../stream/freshness";
import { type Minute, startOfMinute } from "../stream/minutes";
import { CHART_MINUTES, MINUTE_MS } from "../timing";
import type { Point } from "./point";

/**
 * The minute at the right edge. While figures are live that is the frontier's; when they fall behind,
 * time goes on without them and the chart shows the gap.
 */
export function lastMinute(completeTo: number, now: number): number {
  const { level } = freshness(completeTo, now);
  return startOfMinute(level === "live" ? completeTo : Math.max(completeTo, now));
}

export function chartBars(
  minutes: readonly Minute[],
  completeTo: number,
  last: number,
): readonly Point[] {
  const counts = new Map(minutes.map((minute) => [minute.start, minute.counts]));
  const filling = startOfMinute(completeTo);
  return Array.from({ length: CHART_MINUTES }, (_, index) => {
    const start = last - (CHART_MINUTES - 1 - index) * MINUTE_MS;
    const end = start + MINUTE_MS;
    if (start > filling) return { start, end, counts: NO_COUNTS, truth: "unknown" };
    const truth = start === filling ? "filling" : "final";
    return { start, end, counts: counts.get(start) ?? NO_COUNTS, truth };
  });
}
