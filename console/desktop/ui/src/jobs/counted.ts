// Figures of a report in words: what is nothing is left out.
import { formatCount, formatUsdCents } from "@suiftly/ui";

export type Detail = Readonly<Record<string, unknown>>;

export function part(value: unknown, tell: (detail: Detail) => string): string {
  return typeof value === "object" && value !== null ? tell(value as Detail) : "";
}

export function prefixed(prefix: string, words: string): string {
  return words === "" ? "" : prefix + words;
}

export function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** "3 draws refused"; nothing of nothing. */
export function counted(value: unknown, one: string, after = "", more = `${one}s`): string {
  const count = number(value);
  if (count === 0) return "";
  return `${formatCount(count)} ${count === 1 ? one : more}${after === "" ? "" : ` ${after}`}`;
}

export function many(value: unknown, words: string): string {
  return number(value) === 0 ? "" : `${formatCount(number(value))} ${words}`;
}

export function amounted(
  value: unknown,
  one: string,
  cents: unknown,
  after = "",
  more?: string,
): string {
  const words = counted(value, one, after, more);
  return words === "" ? "" : `${words}, ${formatUsdCents(number(cents))}`;
}

export function list(parts: readonly string[]): string {
  return parts.filter((words) => words !== "").join(", ");
}
