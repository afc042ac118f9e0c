// Which times are looked at, and in which steps: the chart's and the table's. All rows of a table are whole steps of the
// chart, so that both tell the same.
import type { SeriesBucket } from "@suiftly/ui/api/customer";
import { DEFAULT_RANGE, type UsageSearch } from "./search";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface Steps {
  /** As the API is asked. */
  readonly bucket: SeriesBucket;
  /** In ms; of the chart it may be several buckets. */
  readonly step: number;
}

export interface Span {
  readonly from: number;
  /** The first instant after it; of a range that goes on, the end of the running row. */
  readonly to: number;
  readonly chart: Steps;
  readonly rows: Steps;
}

const MINUTES: Steps = { bucket: "minute", step: MINUTE };
const FIVE_MINUTES: Steps = { bucket: "five_minutes", step: 5 * MINUTE };
const QUARTERS: Steps = { bucket: "five_minutes", step: 15 * MINUTE };
const HOURS: Steps = { bucket: "hour", step: HOUR };
const DAYS: Steps = { bucket: "day", step: DAY };

/** More days than this are not charted by hour. */
const DAYS_BY_HOUR = 31;
/** Up to so many days a row is an hour. */
const DAYS_OF_HOUR_ROWS = 2;

export function spanOf(search: UsageSearch, now: number): Span {
  switch (search.range ?? DEFAULT_RANGE) {
    case "1h":
      return upTo(now, HOUR, MINUTES, FIVE_MINUTES);
    case "24h":
      return upTo(now, DAY, QUARTERS, HOURS);
    case "7d":
      return upTo(now, 7 * DAY, HOURS, DAYS);
    case "30d":
      return upTo(now, 30 * DAY, HOURS, DAYS);
    case "custom":
      return custom(customDays(search, now));
  }
}

/** The length up to the end of the running row. */
function upTo(now: number, length: number, chart: Steps, rows: Steps): Span {
  const to = floor(now, rows.step) + rows.step;
  return { from: to - length, to, chart, rows };
}

export interface Days {
  readonly from: string;
  readonly to: string;
}

/** The days asked for; the last seven where none are, or none in order. */
export function customDays({ from, to }: UsageSearch, now: number): Days {
  const today = dayText(now);
  if (from !== undefined && to !== undefined && from <= to && from <= today) {
    return { from, to: to > today ? today : to };
  }
  return { from: dayText(now - 6 * DAY), to: today };
}

function custom({ from, to }: Days): Span {
  const [start, end] = [Date.parse(from), Date.parse(to) + DAY];
  const days = (end - start) / DAY;
  return {
    from: start,
    to: end,
    chart: days > DAYS_BY_HOUR ? DAYS : HOURS,
    rows: days > DAYS_OF_HOUR_ROWS ? DAYS : HOURS,
  };
}

/** "2026-11-19" */
export function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** "2026-11-19T14", of the hour that a time is in. */
export function hourText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13);
}

/** As the API writes times: whole seconds. */
export function instant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

export function floor(ms: number, step: number): number {
  return ms - (ms % step);
}

/** What is compared with: as long, right before; but of what has ended alone. Null while nothing has. */
export function spanBefore({ from, to }: Span, now: number): (Days & { until: number }) | null {
  const until = Math.min(to, floor(now, HOUR));
  if (until <= from || from % HOUR !== 0) return null;
  const length = to - from;
  return { from: instant(from - length), to: instant(until - length), until };
}
