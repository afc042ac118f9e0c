// A column of a chart: what one bucket of time holds, and how true that is.
import type { Counts } from "../api";
import { formatDay, formatMinute, formatWeekday } from "../format/time";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../timing";

export interface Point {
  /** Unix times in ms: its first instant, and the first after it. */
  readonly start: number;
  readonly end: number;
  readonly counts: Counts;
  /** `unknown`: there is no data yet; drawn as a gap, never as zero. */
  readonly truth: "final" | "filling" | "unknown";
}

type Span = Pick<Point, "start" | "end">;

/** What has to stand before a time of day for it to be known which day is meant. */
export type DayWord = "none" | "weekday" | "date";

export function dayWordOf(points: readonly Span[]): DayWord {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "none";
  const days = Math.floor((last.end - 1) / DAY_MS) - Math.floor(first.start / DAY_MS);
  if (days === 0) return "none";
  return days < 7 ? "weekday" : "date";
}

/** "14:32", "Thu 14:00", "19 Nov 14:00"; a whole day is "Thu 19 Nov". */
export function pointName({ start, end }: Span, day: DayWord): string {
  if (end - start >= DAY_MS) return `${formatWeekday(start)} ${formatDay(start)}`;
  if (day === "none") return formatMinute(start);
  return `${day === "weekday" ? formatWeekday(start) : formatDay(start)} ${formatMinute(start)}`;
}

/** "14:32 – 14:33", "Thu 08:00 – 08:15", "Thu 19 Nov" */
export function spanName(span: Span, day: DayWord): string {
  const name = pointName(span, day);
  return span.end - span.start >= DAY_MS ? name : `${name} – ${formatMinute(span.end)}`;
}

const STEPS = [
  { ms: DAY_MS, word: "day", plural: "days" },
  { ms: HOUR_MS, word: "hour", plural: "hours" },
  { ms: MINUTE_MS, word: "minute", plural: "minutes" },
] as const;

/** What one point is called: "minute", "hour", "15 minutes". */
export function stepWord(ms: number): string {
  const step = STEPS.find((candidate) => ms >= candidate.ms) ?? STEPS[2];
  const count = Math.round(ms / step.ms);
  return count === 1 ? step.word : `${count} ${step.plural}`;
}

/** All of the points: "the last 60 minutes", or "1 Nov to 7 Nov" where they have ended. */
export function rangeWords(points: readonly Point[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "no time at all";
  const step = last.end - last.start;
  if (last.truth !== "final") return `the last ${lengthWords(points.length * step)}`;
  if (step >= DAY_MS) return `${formatDay(first.start)} to ${formatDay(last.start)}`;
  const name = (ms: number) => `${formatDay(ms)} ${formatMinute(ms)}`;
  return `${name(first.start)} to ${name(last.end)}`;
}

/** The largest unit of which there are at least two, whole: "60 minutes", "24 hours", "30 days". */
function lengthWords(ms: number): string {
  const step = STEPS.find((unit) => ms >= 2 * unit.ms && ms % unit.ms === 0) ?? STEPS[2];
  return `${Math.round(ms / step.ms)} ${step.plural}`;
}
