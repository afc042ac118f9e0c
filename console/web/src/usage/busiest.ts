// The busiest time of a range, as fine as it is known of all of it.
import type { Peak, Peaks } from "@suiftly/ui/api/customer";
import type { Span } from "./span";

export interface Busiest {
  readonly of: "minute" | "hour";
  readonly start: number;
  readonly requests: number;
}

/** Minutes are kept for a day: of a longer range only the busiest hour is known. */
export function busiest(
  peaks: Peaks,
  { from, to }: Pick<Span, "from" | "to">,
): Busiest | undefined {
  const fine = Date.parse(peaks.minutes_from) <= from;
  const of = fine ? "minute" : "hour";
  let most: Busiest | undefined;
  for (const day of peaks.days) {
    const peak: Peak | null = fine ? day.busiest_minute : day.busiest_hour;
    if (peak === null) continue;
    const start = Date.parse(peak.start);
    const inside = start >= from && start < to;
    if (inside && peak.requests > (most?.requests ?? 0)) {
      most = { of, start, requests: peak.requests };
    }
  }
  return most;
}
