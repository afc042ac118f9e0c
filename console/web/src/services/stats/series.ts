// A series of the API as the charts want it: every bucket, also those without traffic.
import { type Counts, DAY_MS, HOUR_MS, MINUTE_MS, type Point } from "@suiftly/ui";
import type { Series, SeriesBucket } from "@suiftly/ui/api/customer";
import { bucketsOf } from "../../app/buckets";

const STEP_MS: Record<SeriesBucket, number> = {
  minute: MINUTE_MS,
  five_minutes: 5 * MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
};

type Values = readonly (number | null)[];

export interface Charted {
  readonly points: readonly Point[];
  readonly counts: Counts;
  /** Of the lines: a bucket that still fills would look like a fall. */
  readonly times: readonly number[];
  /** Milliseconds; null where nothing was answered. */
  readonly p50: Values;
  readonly p95: Values;
  readonly p99: Values;
  readonly bytes: Values;
  /** Of the values of `bytes`. */
  readonly bytesUnit: string;
  /** Whether the last bucket still fills. */
  readonly live: boolean;
}

export function charted(series: Series): Charted {
  const points = bucketsOf(series, STEP_MS[series.bucket]);
  const took = new Map(series.points.map(({ start, time_ms }) => [Date.parse(start), time_ms]));
  const whole = points.filter(({ truth }) => truth === "final");
  const times = whole.map(({ start }) => start);
  const of = (which: "p50" | "p95" | "p99") =>
    times.map((start) => took.get(start)?.[which] ?? null);
  const sent = scaled(whole.map(({ counts }) => counts.bytes_sent));
  return {
    points,
    counts: series.counts,
    times,
    p50: of("p50"),
    p95: of("p95"),
    p99: of("p99"),
    bytes: sent.values,
    bytesUnit: sent.unit,
    live: points.at(-1)?.truth !== "final",
  };
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
const STEP = 1024;

/** In the unit that the largest of them is best said in, so that the axis has round numbers. */
export function scaled(bytes: readonly number[]): { values: readonly number[]; unit: string } {
  const largest = Math.max(0, ...bytes);
  const power = UNITS.findLastIndex((_, i) => i === 0 || largest >= STEP ** i);
  return { values: bytes.map((value) => value / STEP ** power), unit: UNITS[power] ?? "B" };
}
