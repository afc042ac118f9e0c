// A series as the columns of a chart: all of them, for the answer leaves out those without traffic.
import { addCounts, type Counts, NO_COUNTS, type Point } from "@suiftly/ui";

interface SeriesAnswer {
  readonly from: string;
  readonly to: string;
  readonly complete_to: string;
  readonly points: readonly { readonly start: string; readonly counts: Counts }[];
}

/** Buckets of `stepMs`, of which each takes the finer points that begin in it. */
export function bucketsOf(series: SeriesAnswer, stepMs: number): readonly Point[] {
  const [from, to, completeTo] = [series.from, series.to, series.complete_to].map(Date.parse) as [
    number,
    number,
    number,
  ];
  const first = Math.floor(from / stepMs) * stepMs;
  const counts = new Map<number, Counts>();
  for (const point of series.points) {
    const start = Math.floor(Date.parse(point.start) / stepMs) * stepMs;
    counts.set(start, addCounts(counts.get(start) ?? NO_COUNTS, point.counts));
  }
  const buckets: Point[] = [];
  for (let start = first; start < to; start += stepMs) {
    const end = start + stepMs;
    const truth = start >= completeTo ? "unknown" : end > completeTo ? "filling" : "final";
    buckets.push({ start, end, counts: counts.get(start) ?? NO_COUNTS, truth });
  }
  return buckets;
}
