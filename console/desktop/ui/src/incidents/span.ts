// Which time is looked at: the last hours until now, or a span that stands still.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const RANGES = {
  "-1h": HOUR,
  "-6h": 6 * HOUR,
  "-24h": 24 * HOUR,
  "-7d": 168 * HOUR,
} as const;
export type Range = keyof typeof RANGES;
export type Bucket = "minute" | "five_minutes" | "hour";
const STEPS: Readonly<Record<Bucket, number>> = {
  minute: MINUTE,
  five_minutes: 5 * MINUTE,
  hour: HOUR,
};

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly bucket: Bucket;
  readonly step: number;
  /** Null: it stands still. */
  readonly range: Range | null;
}

/** On whole buckets, as the server counts them. */
export function spanOf(from: string | undefined, to: string | undefined, now: number): Span {
  const [start, end] = [Date.parse(from ?? ""), Date.parse(to ?? "")];
  if (!Number.isNaN(start) && !Number.isNaN(end) && end > start) return onBuckets(start, end, null);
  const range = from !== undefined && Object.hasOwn(RANGES, from) ? (from as Range) : "-1h";
  return onBuckets(now - RANGES[range], now, range);
}

function onBuckets(from: number, to: number, range: Range | null): Span {
  const length = to - from;
  const bucket = length <= 3 * HOUR ? "minute" : length <= 36 * HOUR ? "five_minutes" : "hour";
  const step = STEPS[bucket];
  return {
    from: Math.floor(from / step) * step,
    to: Math.ceil(to / step) * step,
    bucket,
    step,
    range,
  };
}

/** The starts of its buckets. */
export function timesOf({ from, to, step }: Span): readonly number[] {
  return Array.from({ length: Math.round((to - from) / step) }, (_, at) => from + at * step);
}
