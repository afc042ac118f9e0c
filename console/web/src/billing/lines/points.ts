// A month's days as a chart has them: every day until now, also those without traffic.
import { DAY_MS, NO_COUNTS } from "@suiftly/ui";
import type { Counts, HourRow, Series } from "@suiftly/ui/api/customer";
import { dayOf } from "../search";

export interface Day {
  readonly start: number;
  readonly end: number;
  readonly counts: Counts;
  readonly truth: "final" | "filling";
  readonly ratedMicroUsd: number;
}

export function daysOf({
  from,
  to,
  points,
}: Pick<Series, "from" | "to" | "points">): readonly Day[] {
  const byStart = new Map(points.map((point) => [Date.parse(point.start), point]));
  const days: Day[] = [];
  for (let start = Date.parse(from); start < Date.parse(to); start += DAY_MS) {
    const point = byStart.get(start);
    days.push({
      start,
      end: start + DAY_MS,
      counts: point?.counts ?? NO_COUNTS,
      truth: point?.partial ? "filling" : "final",
      ratedMicroUsd: point?.rated_micro_usd ?? 0,
    });
  }
  return days;
}

/** A closed document's days: what came after the close is in its notes, not in it. */
export function asBilled(days: readonly Day[], hours: readonly HourRow[]): readonly Day[] {
  const billed = new Map<string, { requests: number; microUsd: number }>();
  for (const { hour, billable_requests, charged_micro_usd } of hours) {
    const day = hour.slice(0, 10);
    const { requests, microUsd } = billed.get(day) ?? { requests: 0, microUsd: 0 };
    billed.set(day, {
      requests: requests + billable_requests,
      microUsd: microUsd + charged_micro_usd,
    });
  }
  return days.map((day) => {
    const { requests, microUsd } = billed.get(dayOf(day.start)) ?? { requests: 0, microUsd: 0 };
    return {
      ...day,
      counts: { ...day.counts, billable_requests: requests },
      ratedMicroUsd: microUsd,
    };
  });
}
