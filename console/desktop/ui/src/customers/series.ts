// A customer's last 24 hours as columns of a quarter of an hour, and the times that they and everybody see.
import { addCounts, type Counts, HOUR_MS, MINUTE_MS, NO_COUNTS, type Point } from "@suiftly/ui";
import type { InfraSeries, Series } from "@suiftly/ui/api/admin";

export const STEP_MS = 15 * MINUTE_MS;
const COLUMNS = 96;
const HOURS = 24;
/** The rate of now is of the running five minutes and those before. */
const BUCKET_MS = 5 * MINUTE_MS;

/** Of 24 hours in columns, the running one among them. */
export function columnsFrom(now: number): number {
  return floor(now, STEP_MS) - (COLUMNS - 1) * STEP_MS;
}

/** Of 24 whole hours, the running one among them. */
export function hoursFrom(now: number): number {
  return floor(now, HOUR_MS) - (HOURS - 1) * HOUR_MS;
}

/** Every column up to where the answer is complete, those without traffic too; before what is kept nothing is known. */
export function trafficPoints(series: Series): readonly Point[] {
  const complete = Date.parse(series.complete_to);
  const kept = Date.parse(series.from);
  const byStart = new Map<number, Counts>();
  for (const { start, counts } of series.points) {
    const at = floor(Date.parse(start), STEP_MS);
    const known = byStart.get(at);
    byStart.set(at, known ? addCounts(known, counts) : counts);
  }
  const points: Point[] = [];
  for (let start = columnsFrom(complete); start <= complete; start += STEP_MS) {
    const end = start + STEP_MS;
    const truth = end <= kept ? "unknown" : end > complete ? "filling" : "final";
    points.push({ start, end, counts: byStart.get(start) ?? NO_COUNTS, truth });
  }
  return points;
}

/** Requests a second of the last five to ten minutes; null before there are any. */
export function rateNow(series: Series): number | null {
  const complete = Date.parse(series.complete_to);
  const from = Math.max(floor(complete, BUCKET_MS) - BUCKET_MS, Date.parse(series.from));
  if (complete <= from) return null;
  const requests = series.points
    .filter(({ start }) => Date.parse(start) >= from)
    .reduce((sum, { counts }) => sum + counts.requests, 0);
  return requests / ((complete - from) / 1_000);
}

/** Answered: of all requests, those that were served. */
export function served({ guaranteed, burst }: Counts): number {
  return guaranteed + burst;
}

export interface Times95 {
  readonly times: readonly number[];
  readonly theirs: readonly (number | null)[];
  readonly fleet: readonly (number | null)[];
}

/** The 95th percentile hour by hour, of one customer and of all; null where there were no requests. */
export function times95(theirs: Series, fleet: InfraSeries | undefined): Times95 {
  const complete = Date.parse(theirs.complete_to);
  const times: number[] = [];
  for (let at = Date.parse(theirs.from); at < complete; at += HOUR_MS) times.push(at);
  const own = new Map(theirs.points.map((point) => [Date.parse(point.start), point.time_ms?.p95]));
  const all = new Map(
    fleet?.points.map(({ start, groups }) => [
      Date.parse(start),
      groups[0]?.phases.total.time_ms?.p95,
    ]),
  );
  return {
    times,
    theirs: times.map((at) => own.get(at) ?? null),
    fleet: times.map((at) => all.get(at) ?? null),
  };
}

function floor(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}
