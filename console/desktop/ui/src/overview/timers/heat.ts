// The heat map as cells: a column a minute, a row a band of time, the slowest on top.
import { formatDuration, MINUTE_MS } from "@suiftly/ui";
import type { HeatmapBand, InfraHeatmap } from "@suiftly/ui/api/admin";
import type { Span } from "../span";

/** Steps of the ramp beside the empty one. */
export const LEVELS = 6;
/** Up to here bands are shown even where nothing took so long: the scale rests. */
const SHOWN_MS = 1_000;

interface HeatColumn {
  readonly start: number;
  /** By row; null: nothing is known of this minute. */
  readonly counts: readonly number[] | null;
  readonly total: number;
  readonly isFilling: boolean;
}

export interface Heat {
  /** From the slowest down. */
  readonly bands: readonly HeatmapBand[];
  readonly columns: readonly HeatColumn[];
  readonly highest: number;
}

export function heatOf(answer: InfraHeatmap, { from, to }: Span): Heat {
  const shown = shownBands(answer);
  const points = new Map(answer.points.map((point) => [Date.parse(point.start), point]));
  const complete = Date.parse(answer.complete_to);
  const columns = Array.from({ length: (to - from) / MINUTE_MS }, (_, at): HeatColumn => {
    const start = from + at * MINUTE_MS;
    const point = points.get(start);
    const known = start < complete;
    // A minute without requests is left out by the server: it is known to be empty.
    const counts = known ? shown.map((band) => point?.counts[band] ?? 0) : null;
    const total = counts?.reduce((sum, count) => sum + count, 0) ?? 0;
    return {
      start,
      counts,
      total,
      isFilling: known && (point?.partial ?? start + MINUTE_MS > complete),
    };
  });
  const highest = Math.max(0, ...columns.flatMap(({ counts }) => counts ?? []));
  const bands = shown.flatMap((at) => answer.bands[at] ?? []);
  return { bands, columns, highest };
}

/** Their places in the answer, the slowest first. */
function shownBands({ bands, points }: InfraHeatmap): readonly number[] {
  const used = bands.map((_, at) => points.some(({ counts }) => (counts[at] ?? 0) > 0));
  const last = used.lastIndexOf(true);
  return bands
    .flatMap(({ from_ms }, at) => (at <= last || from_ms < SHOWN_MS ? [at] : []))
    .toReversed();
}

/** 0 for none; the rest by the logarithm, so that few are seen beside many. */
export function heatLevel(count: number, highest: number): number {
  if (count <= 0) return 0;
  if (highest <= 1) return LEVELS;
  return 1 + Math.round((LEVELS - 1) * (Math.log(count) / Math.log(highest)));
}

/** "20 – 50 ms", "under 1 ms", "60 s and more" */
export function bandWords({ from_ms, to_ms }: HeatmapBand): string {
  if (to_ms == null) return `${short(from_ms)} and more`;
  if (from_ms === 0) return `under ${short(to_ms)}`;
  const [from, to] = [short(from_ms), short(to_ms)];
  const sameUnit = from.split(" ")[1] === to.split(" ")[1];
  return `${sameUnit ? from.split(" ")[0] : from} – ${to}`;
}

function short(ms: number): string {
  return ms >= 1_000 ? `${ms / 1_000} s` : formatDuration(ms);
}

/** Beside the rows that begin a power of ten. */
export function bandLabel({ from_ms }: HeatmapBand): string | null {
  return from_ms >= 1 && Number.isInteger(Math.log10(from_ms)) ? short(from_ms) : null;
}
