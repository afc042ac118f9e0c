// Times are UTC, 24 h.
import { MINUTE_MS, SECOND_MS } from "../timing";

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

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
  const [moment, today] = [new Date(ms), new Date(now)];
  if (moment.toISOString().slice(0, 10) === today.toISOString().slice(0, 10)) {
    return formatClock(ms);
  }
  const month = MONTHS[moment.getUTCMonth()]?.slice(0, 3);
  return `${moment.getUTCDate()} ${month} ${formatClock(ms)}`;
}

/** "2026-11" → "November" */
export function monthName(month: string): string {
  return MONTHS[Number(month.slice(5, 7)) - 1] ?? month;
}

/** A span in its two largest units: "14 s", "3 min 12 s", "2 h 5 min". */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
