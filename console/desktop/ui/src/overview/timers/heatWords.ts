// A cell of the heat map in words, and what it opens.
import { formatCount, formatMinute, MINUTE_MS } from "@suiftly/ui";
import type { DrillSearch } from "../../app/search";
import { rfc3339 } from "../span";
import { bandWords, type Heat } from "./heat";
import type { Cell } from "./heatGrid";
import type { Phase } from "./phases";

/** Requests of the minute that took at least so long in all: a phase is a part of the whole. */
export function searchOf({ columns, bands }: Heat, { column, row }: Cell): DrillSearch | null {
  const [minute, band] = [columns[column], bands[row]];
  if (minute === undefined || band === undefined) return null;
  const span = { from: rfc3339(minute.start), to: rfc3339(minute.start + MINUTE_MS) };
  if (band.from_ms === 0) return { measure: "requests", ...span };
  return { measure: "slow", time_total_min_ms: band.from_ms, ...span };
}

export function cellWords({ columns, bands }: Heat, { column, row }: Cell): string {
  const [minute, band] = [columns[column], bands[row]];
  if (minute === undefined || band === undefined) return "";
  const words = `${formatMinute(minute.start)}, ${bandWords(band)}`;
  if (minute.counts === null) return `${words}, no data yet`;
  return `${words}, ${formatCount(minute.counts[row] ?? 0)} of ${formatCount(minute.total)} requests`;
}

/** The map in a sentence or two, for those who do not see it. */
export function summarize({ columns, bands }: Heat, { code, word }: Phase): string {
  const total = columns.reduce((sum, column) => sum + column.total, 0);
  const slowest = bands.find((_, row) => columns.some(({ counts }) => (counts?.[row] ?? 0) > 0));
  if (total === 0 || slowest === undefined) return `No request reached ${code} in the last hour.`;
  return (
    `${code}, ${word}: ${formatCount(total)} requests in the last hour, the slowest ${bandWords(slowest)}. ` +
    "Arrow keys read the cells, Enter opens one."
  );
}
