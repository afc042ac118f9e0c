// Times are UTC, 24 h.
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../timing";
import { LOCALE } from "./locale";
import { UNKNOWN } from "./number";

/** "14:32:07" */
export function formatClock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** "14:32" */
export function formatMinute(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

/** "14:32:07" on the day of `now`, else "19 Nov 14:32:07". */
export function formatMoment(ms: number, now: number): string {
  return dayOf(ms) === dayOf(now) ? formatClock(ms) : `${formatDay(ms)} ${formatClock(ms)}`;
}

/** "2026-11" → "November" */
export function monthName(month: string): string {
  return LOCALE.months[Number(month.slice(5, 7)) - 1] ?? month;
}

/** A span in its two largest units: "14 s", "3 min 12 s", "2 h 5 min". */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "19 Nov" */
export function formatDay(ms: number): string {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${LOCALE.months[date.getUTCMonth()]?.slice(0, 3)}`;
}

/** "Thu" */
export function formatWeekday(ms: number): string {
  return LOCALE.days[new Date(ms).getUTCDay()] ?? UNKNOWN;
}

/** "19 Nov 2026" */
export function formatDate(ms: number): string {
  return `${formatDay(ms)} ${new Date(ms).getUTCFullYear()}`;
}

/** "4 s ago", "3 min ago", "14:02" on the day of `now`, "Yesterday 19:47", "17 Nov", "17 Nov 2025". */
export function formatAgo(ms: number, now: number): string {
  const passed = Math.max(0, now - ms);
  if (passed < MINUTE_MS) return `${Math.floor(passed / SECOND_MS)} s ago`;
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`;
  if (dayOf(ms) === dayOf(now)) return formatMinute(ms);
  if (dayOf(ms) === dayOf(now) - 1) return `Yesterday ${formatMinute(ms)}`;
  const sameYear = new Date(ms).getUTCFullYear() === new Date(now).getUTCFullYear();
  return sameYear ? formatDay(ms) : formatDate(ms);
}

/** A measured time: "46 ms", "1.25 s", "12.4 s"; whole minutes and hours from a minute on. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms >= MINUTE_MS) return formatSpan(ms);
  return `${(ms / SECOND_MS).toFixed(ms < 10 * SECOND_MS ? 2 : 1)} s`;
}

/** Days since the epoch, UTC. */
function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
