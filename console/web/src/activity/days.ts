// Rows under the days they are of, UTC.
import { DAY_MS, formatDate, formatDay, formatWeekday } from "@suiftly/ui";

export interface Day<R> {
  readonly start: number;
  readonly rows: readonly R[];
}

/** Keeps the order of the rows, which is by time. */
export function byDay<R>(rows: readonly R[], at: (row: R) => number): readonly Day<R>[] {
  const days = new Map<number, R[]>();
  for (const row of rows) {
    const start = Math.floor(at(row) / DAY_MS) * DAY_MS;
    const day = days.get(start);
    if (day) day.push(row);
    else days.set(start, [row]);
  }
  return [...days].map(([start, of]) => ({ start, rows: of }));
}

/** "Today", "Yesterday", "Thu 19 Nov", "19 Nov 2025" */
export function dayWords(start: number, now: number): string {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  if (start === today) return "Today";
  if (start === today - DAY_MS) return "Yesterday";
  const sameYear = new Date(start).getUTCFullYear() === new Date(now).getUTCFullYear();
  return sameYear ? `${formatWeekday(start)} ${formatDay(start)}` : formatDate(start);
}
