// Whether the same key was answered well soon after a request had failed.
import type { RecordLine } from "@suiftly/ui/api/admin";
import { placeText } from "../lines/place";
import type { Span } from "../window";

/** Looked at one after another, each from where the one before ended: most clients try again at once. */
const STEPS_MS = [0, 250, 2_000, 60_000] as const;

export function retrySpans(line: RecordLine): readonly Span[] {
  const at = endOf(line);
  return STEPS_MS.slice(1).map((to, index) => ({
    from: at + (STEPS_MS[index] ?? 0),
    to: at + to,
  }));
}

export interface Retry {
  readonly line: RecordLine;
  readonly afterMs: number;
  /** There were more than were read: one may have come sooner. */
  readonly atMost: boolean;
}

/** Nobody tries again before there is an answer. */
function endOf({ timestamp, time_total_ms }: RecordLine): number {
  return Date.parse(timestamp) + time_total_ms;
}

/** The first of a page, the latest first, that came after the request and was answered well. */
export function firstAnswered(
  line: RecordLine,
  page: readonly RecordLine[],
  hasMore: boolean,
): Retry | null {
  const at = endOf(line);
  const well = page.filter(
    (other) =>
      placeText(other) !== placeText(line) &&
      other.status_code >= 200 &&
      other.status_code < 400 &&
      Date.parse(other.timestamp) > at,
  );
  const first = well.at(-1);
  if (first === undefined) return null;
  return { line: first, afterMs: Date.parse(first.timestamp) - at, atMost: hasMore };
}
