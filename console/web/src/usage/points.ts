// The columns of the chart and the rows of the table, out of what was read and what the live stream has told since.
import { addCounts, type Counts, type Minute, NO_COUNTS, type Point } from "@suiftly/ui";
import type { Series, UsagePoint } from "@suiftly/ui/api/customer";
import { floor, MINUTE, type Span } from "./span";

/** How far figures are complete, and the minutes that the live stream knows, where no filter leaves it out. */
export interface Frontier {
  readonly completeTo: number;
  readonly now: number;
  readonly minutes: readonly Minute[] | null;
}

/** The live stream's minutes reach back this far. */
const LIVE_MINUTES = 60;
/** Further behind than this, time goes on without figures, and the chart shows the gap. */
const LATE = 3_000;

export type CountsByStart = ReadonlyMap<number, Counts>;

/** Buckets by their first instant, several joined to one where the step is longer. */
export function countsByStart(series: Series | undefined, step: number): CountsByStart {
  const byStart = new Map<number, Counts>();
  for (const { start, counts } of series?.points ?? []) {
    const at = floor(Date.parse(start), step);
    const known = byStart.get(at);
    byStart.set(at, known ? addCounts(known, counts) : counts);
  }
  return byStart;
}

/** Every step of the range up to now, those without traffic too. */
export function usagePoints(
  { from, to, chart: { step } }: Span,
  read: CountsByStart,
  knownFrom: number,
  frontier: Frontier,
): readonly Point[] {
  const { completeTo, now } = frontier;
  const edge = now - completeTo > LATE ? now : completeTo;
  const points: Point[] = [];
  for (let start = from; start < to && start <= edge; start += step) {
    const end = start + step;
    const counts = liveCounts(start, end, frontier) ?? read.get(start) ?? NO_COUNTS;
    const unknown = end <= knownFrom || start > completeTo;
    const truth = unknown ? "unknown" : end > completeTo ? "filling" : "final";
    points.push({ start, end, counts, truth });
  }
  return points;
}

/** What the live stream says of a step, if it knows all of it. */
function liveCounts(start: number, end: number, { completeTo, minutes }: Frontier): Counts | null {
  if (minutes === null || start < floor(completeTo, MINUTE) - (LIVE_MINUTES - 1) * MINUTE) {
    return null;
  }
  let sum = NO_COUNTS;
  for (const minute of minutes) {
    if (minute.start >= start && minute.start < end) sum = addCounts(sum, minute.counts);
  }
  return sum;
}

export function sumPoints(points: readonly Point[]): Counts {
  return points.reduce((sum, { counts }) => addCounts(sum, counts), NO_COUNTS);
}

export interface UsageRow {
  readonly start: number;
  readonly end: number;
  readonly counts: Counts;
  readonly filling: boolean;
  readonly p95: number | null;
  /** What it adds to the month; null where the API does not tell. */
  readonly ratedMicroUsd: number | null;
}

/** Rows, newest first. What one that fills counts is its columns' sum, so that both move together. */
export function usageRows(
  { rows: { step } }: Span,
  read: readonly UsagePoint[],
  points: readonly Point[],
): readonly UsageRow[] {
  const byStart = new Map(read.map((point) => [Date.parse(point.start), point]));
  const rows: UsageRow[] = [];
  for (let at = 0; at < points.length; ) {
    const start = floor(points[at]?.start ?? 0, step);
    const columns = points.slice(at).filter((point) => point.start < start + step);
    at += Math.max(1, columns.length);
    const known = byStart.get(start);
    const settled = known !== undefined && !known.partial;
    rows.push({
      start,
      end: start + step,
      counts: settled ? known.counts : sumPoints(columns),
      filling: columns.some(({ truth }) => truth !== "final") && columns.at(-1)?.truth !== "final",
      p95: known?.time_ms?.p95 ?? null,
      ratedMicroUsd: known?.rated_micro_usd ?? null,
    });
  }
  return rows.reverse();
}

/** Rows without the empty ones before anything came. */
export function sinceFirst(rows: readonly UsageRow[]): readonly UsageRow[] {
  const first = rows.findLastIndex(({ counts }) => counts.requests > 0);
  return rows.slice(0, Math.max(1, first + 1));
}

export interface Measured {
  readonly times: readonly number[];
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
}

/** Response times, bucket by bucket; null where there were no requests. */
export function measured(
  series: Series,
  { from, to }: Pick<Span, "from" | "to">,
  step: number,
): Measured {
  const byStart = new Map(series.points.map((point) => [Date.parse(point.start), point.time_ms]));
  const [first, end] = [Math.max(from, Date.parse(series.from)), Date.parse(series.complete_to)];
  const times: number[] = [];
  for (let at = first; at < to && at <= end; at += step) times.push(at);
  const of = (key: "p50" | "p95" | "p99") => times.map((at) => byStart.get(at)?.[key] ?? null);
  return { times, p50: of("p50"), p95: of("p95"), p99: of("p99") };
}
