// Figures out of a notification's body, which any version of the server may have written: what is not there is null.
import { formatUsd, formatUsdCents, monthName } from "@suiftly/ui";

export type Body = Readonly<Record<string, unknown>>;

export function text(body: Body, name: string): string | null {
  const value = body[name];
  return typeof value === "string" && value !== "" ? value : null;
}

export function count(body: Body, name: string): number | null {
  const value = body[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function list(body: Body, name: string): readonly unknown[] {
  const value = body[name];
  return Array.isArray(value) ? value : [];
}

/** An RFC 3339 time in ms. */
export function instant(body: Body, name: string): number | null {
  const ms = Date.parse(text(body, name) ?? "");
  return Number.isNaN(ms) ? null : ms;
}

export function cents(body: Body, name: string): string {
  const value = count(body, name);
  return formatUsdCents(value === null ? null : Math.round(value));
}

export function microUsd(body: Body, name: string): string {
  const value = count(body, name);
  return formatUsd(value === null ? null : Math.round(value));
}

/** "November 2026"; "that month" where it is not said. */
export function month(body: Body, name = "month"): string {
  const value = text(body, name);
  return value === null ? "that month" : `${monthName(value)} ${value.slice(0, 4)}`;
}

/** As a sentence: with a capital letter and a full stop. */
export function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?”]$/.test(begun) ? begun : `${begun}.`;
}
