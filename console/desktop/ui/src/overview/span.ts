// Which times the page asks for. All begin on whole minutes or hours, so that their answers can be shared and compared.
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@suiftly/ui";

export interface Span {
  /** Unix times in ms: the first instant, and the first after it. */
  readonly from: number;
  readonly to: number;
}

const RECENT_MINUTES = 5;
const HOUR_MINUTES = 60;
const WEEK_MS = 7 * DAY_MS;

export function minuteOf(ms: number): number {
  return ms - (ms % MINUTE_MS);
}

function hourOf(ms: number): number {
  return ms - (ms % HOUR_MS);
}

/** The last five whole minutes and the running one. */
export function recentSpan(minute: number): Span {
  return { from: minute - RECENT_MINUTES * MINUTE_MS, to: minute + MINUTE_MS };
}

/** Sixty minutes, of which the last still runs. */
export function lastHour(minute: number): Span {
  return { from: minute - (HOUR_MINUTES - 1) * MINUTE_MS, to: minute + MINUTE_MS };
}

/** The hour before those. */
export function hourBefore(minute: number): Span {
  const { from } = lastHour(minute);
  return { from: from - HOUR_MS, to: from };
}

/** The whole hour of the day that it is, a week ago. */
export function sameHourLastWeek(minute: number): Span {
  const from = hourOf(minute) - WEEK_MS;
  return { from, to: from + HOUR_MS };
}

/**
 * The hour that customers' use is compared in with the one before: the running one, once it is old enough to be told
 * from nothing.
 */
export function movingHour(minute: number): Span {
  const hour = hourOf(minute);
  const from = minute - hour >= LEAST_OF_HOUR_MS ? hour : hour - HOUR_MS;
  return { from, to: from + HOUR_MS };
}
const LEAST_OF_HOUR_MS = 15 * MINUTE_MS;

export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

/** Seconds that an answer covers: up to where it is complete. */
export function secondsCovered(answer: {
  readonly from: string;
  readonly to: string;
  readonly complete_to: string;
}): number {
  const to = Math.min(Date.parse(answer.to), Date.parse(answer.complete_to));
  return Math.max(0, to - Date.parse(answer.from)) / 1_000;
}
