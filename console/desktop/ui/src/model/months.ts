// Months as the API writes them: "2026-11".
import { monthName } from "@suiftly/ui";

/** "2026-11" → "November 2026" */
export function monthOfYear(month: string): string {
  return `${monthName(month)} ${month.slice(0, 4)}`;
}

/** Unix time in ms of the next month's first instant. */
export function monthEnd(month: string): number {
  const [year = 0, of = 1] = month.split("-").map(Number);
  return Date.UTC(year, of, 1);
}

/** The month of an instant, and those before it. */
export function monthsBack(now: number, count: number): readonly string[] {
  const date = new Date(now);
  return Array.from({ length: count }, (_, back) =>
    new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - back, 1))
      .toISOString()
      .slice(0, 7),
  );
}
