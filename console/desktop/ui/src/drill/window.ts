// Which time the bars are of, and how wide they are.
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@suiftly/ui";

export interface Span {
  /** Unix times in ms: the first instant, and the first after it. */
  readonly from: number;
  readonly to: number;
}

export type RangeKey = "1h" | "6h" | "24h";
type BucketWord = "minute" | "five_minutes" | "hour";

export interface Window extends Span {
  readonly bucket: BucketWord;
  /** A bar's length in ms. */
  readonly step: number;
  /** Whether its right edge is now. */
  readonly live: boolean;
}

export const RANGES: readonly { readonly key: RangeKey; readonly word: string }[] = [
  { key: "1h", word: "1 h" },
  { key: "6h", word: "6 h" },
  { key: "24h", word: "24 h" },
];

const LENGTHS: Readonly<Record<RangeKey, number>> = {
  "1h": HOUR_MS,
  "6h": 6 * HOUR_MS,
  "24h": DAY_MS,
};
const STEPS: Readonly<Record<BucketWord, number>> = {
  minute: MINUTE_MS,
  five_minutes: 5 * MINUTE_MS,
  hour: HOUR_MS,
};

/** Raw records are read, and counted, for so long at most; and so long they are kept. */
const RECORDS_SPAN_MS = HOUR_MS;
const RECORDS_KEPT_MS = 2 * DAY_MS;

export function rangeOf(text: string | undefined): RangeKey {
  return RANGES.find(({ key }) => key === text)?.key ?? "1h";
}

/** The span that an address names, if it is one. */
export function spanOf(from: string | undefined, to: string | undefined): Span | null {
  const [first, end] = [Date.parse(from ?? ""), Date.parse(to ?? "")];
  return first < end ? { from: first, to: end } : null;
}

/** The range up to now; where the span lies before that, or is longer, the time about the span. */
export function windowOf(range: RangeKey, span: Span | null, now: number): Window {
  const live = liveWindow(range, now);
  if (span === null || span.from >= live.from) return live;
  const length = Math.max(LENGTHS[range], 2 * (span.to - span.from));
  const from = span.from - (length - (span.to - span.from)) / 2;
  const bucket = bucketOf(range, length, now - from);
  const step = STEPS[bucket];
  const end = Math.min(from + Math.max(length, 24 * step), now);
  const [first, last] = [floorTo(from, step), ceilTo(end, step)];
  return { from: first, to: last, bucket, step, live: last >= now };
}

function liveWindow(range: RangeKey, now: number): Window {
  const bucket = range === "1h" ? "minute" : "five_minutes";
  const step = STEPS[bucket];
  const to = floorTo(now, step) + step;
  return { from: to - LENGTHS[range], to, bucket, step, live: true };
}

/** Minutes are kept for a day. */
function bucketOf(range: RangeKey, length: number, age: number): BucketWord {
  if (age > DAY_MS || length > DAY_MS) return "hour";
  return range === "1h" && length <= 2 * HOUR_MS ? "minute" : "five_minutes";
}

interface RecordsSpan extends Span {
  /** Why it is not the whole span, as a sentence; null where it is. */
  readonly cut: string | null;
}

/** The part of a span that raw records can be asked for; null where they are no longer kept. */
export function recordsSpan(span: Span, now: number): RecordsSpan | null {
  if (span.to <= now - RECORDS_KEPT_MS) return null;
  if (span.to - span.from <= RECORDS_SPAN_MS) return { ...span, cut: null };
  return {
    from: span.to - RECORDS_SPAN_MS,
    to: span.to,
    cut: "Raw records are read for an hour at a time: these are of the span’s last hour.",
  };
}

/** The same length before it. */
export function before({ from, to }: Span): Span {
  return { from: from - (to - from), to: from };
}

/** On whole buckets, as views are asked; at least one. */
export function aligned({ from, to }: Span, step: number): Span {
  const first = floorTo(from, step);
  return { from: first, to: Math.max(ceilTo(to, step), first + step) };
}

/** The bucket that answers for a span: minutes are kept for a day. */
export function spanBucket(span: Span, now: number): { bucket: BucketWord; step: number } {
  const bucket = span.from < now - DAY_MS + 5 * MINUTE_MS ? "hour" : "minute";
  return { bucket, step: STEPS[bucket] };
}

export function floorTo(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}

function ceilTo(ms: number, step: number): number {
  return Math.ceil(ms / step) * step;
}

export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
