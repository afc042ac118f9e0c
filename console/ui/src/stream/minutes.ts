// The traffic of the last hour, a minute a piece, ascending. Minutes without traffic are left out.
import type { Counts, SeriesPoint } from "../api";
import { addCounts } from "../counts";
import { CHART_MINUTES, MINUTE_MS } from "../timing";

export interface Minute {
  /** Unix time in ms of its first moment. */
  readonly start: number;
  readonly counts: Counts;
}

/** Adds points to minutes; a minute that does not change keeps its identity. */
export function mergeMinutes(
  minutes: readonly Minute[],
  points: readonly SeriesPoint[],
): readonly Minute[] {
  if (points.length === 0) return minutes;
  const byStart = new Map(minutes.map((minute) => [minute.start, minute]));
  for (const point of points) {
    const start = Date.parse(point.start);
    const known = byStart.get(start);
    const counts = known ? addCounts(known.counts, point.counts) : point.counts;
    byStart.set(start, { start, counts });
  }
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}

/** Keeps the minute of `completeTo` and the 59 before it (and lines dated ahead of it). */
export function dropOldMinutes(minutes: readonly Minute[], completeTo: number): readonly Minute[] {
  const oldest = startOfMinute(completeTo) - (CHART_MINUTES - 1) * MINUTE_MS;
  const first = minutes[0];
  if (first === undefined || first.start >= oldest) return minutes;
  return minutes.filter((minute) => minute.start >= oldest);
}

export function startOfMinute(ms: number): number {
  return ms - (ms % MINUTE_MS);
}
