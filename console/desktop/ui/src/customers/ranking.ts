// Who used the most, and whose use changed the most, by one of four measures over one of three ranges.
import { formatBytes, formatCount, formatUsd, HOUR_MS } from "@suiftly/ui";
import type { TopBy, TopCustomer } from "@suiftly/ui/api/admin";

export const MEASURES = [
  { value: "requests", label: "Requests" },
  { value: "errors", label: "Errors" },
  { value: "money", label: "Money" },
  { value: "bytes", label: "Bytes" },
] as const satisfies readonly { value: TopBy; label: string }[];

export const RANGES = [
  { value: "1h", label: "1 h" },
  { value: "24h", label: "24 h" },
  { value: "7d", label: "7 d" },
] as const;
export type Range = (typeof RANGES)[number]["value"];

export function measureOf(text: string | undefined): TopBy {
  return MEASURES.find(({ value }) => value === text)?.value ?? "requests";
}

export function rangeOf(text: string | undefined): Range {
  return RANGES.find(({ value }) => value === text)?.value ?? "24h";
}

/** What is asked for. An hour is the last whole one: against the one before it, a part of one says nothing. */
export function spanOf(range: Range, now: number) {
  if (range !== "1h") return { range };
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
  return { from: new Date(hour - HOUR_MS).toISOString(), to: new Date(hour).toISOString() };
}

export function amount(by: TopBy, value: number): string {
  if (by === "money") return formatUsd(value);
  if (by === "requests" || by === "errors") return formatCount(value);
  const { value: figure, unit } = formatBytes(value < 0 ? -value : value);
  return `${value < 0 ? "−" : ""}${figure} ${unit}`;
}

/** "+1,204", "−$4.10" */
export function change(by: TopBy, value: number): string {
  return `${value > 0 ? "+" : ""}${amount(by, value)}`;
}

/** Against what it was: "+12%", "−24%", "new", "gone". */
export function changeShare(before: number, value: number): string {
  if (before === 0) return value === 0 ? "" : "new";
  if (value === 0) return "gone";
  const percent = Math.round(((value - before) / before) * 100);
  if (percent === 0) return "±0%";
  return `${percent > 0 ? "+" : "−"}${formatCount(Math.abs(percent))}%`;
}

/** The most a ranking has. */
export const TOP_MAX = 100;

/** Whoever is not in a ranking that has room had nothing. */
export function rankOf(
  top: readonly TopCustomer[] | undefined,
  id: number,
): TopCustomer | "none" | "beyond" | undefined {
  if (top === undefined) return undefined;
  const found = top.find(({ customer_id }) => customer_id === id);
  return found ?? (top.length < TOP_MAX ? "none" : "beyond");
}
