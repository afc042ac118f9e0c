// How fast requests come, out of two answers of which the later has counted further.
import { MINUTE_MS, SECOND_MS } from "@suiftly/ui";

interface CountedAt {
  /** RFC 3339: everything before is counted. */
  readonly complete_to: string;
  /** The first instant counted. */
  readonly from: string;
  readonly counts: { readonly requests: number };
}

/** Two answers further apart than this say nothing about now. */
const APART_MS = MINUTE_MS;

/** Requests a second between two answers; null where they cannot be compared. */
export function ratePerSecond(before: CountedAt | undefined, after: CountedAt): number | null {
  // A window that moved on has lost its first hour: the difference is no rate.
  if (before === undefined || before.from !== after.from) return null;
  const span = Date.parse(after.complete_to) - Date.parse(before.complete_to);
  if (span < SECOND_MS || span > APART_MS) return null;
  const more = after.counts.requests - before.counts.requests;
  return more < 0 ? null : (more * SECOND_MS) / span;
}
