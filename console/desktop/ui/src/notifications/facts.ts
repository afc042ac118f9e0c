// A notification's figures, as the server wrote them, each in the unit that its name says.
import { formatCount, formatDate, formatUsd, formatUsdCents } from "@suiftly/ui";

export interface BodyFact {
  readonly word: string;
  readonly value: string;
  /** What a machine wrote: hashes, addresses, differences. */
  readonly code: boolean;
}

const TIME = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;
const HASH = /^[0-9a-f]{32,}$/i;

export function bodyFacts(body: Readonly<Record<string, unknown>>): readonly BodyFact[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (value === null || value === undefined || value === "") return [];
    return [{ word: wordOf(name), ...shown(name, value) }];
  });
}

/** "max_monthly_usd_cents" → "Max monthly": the unit is in the value. */
function wordOf(name: string): string {
  const words = name.replace(/_(?:usd_cents|micro_usd|id)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function shown(name: string, value: unknown): Pick<BodyFact, "value" | "code"> {
  if (typeof value === "number") return { value: figure(name, value), code: false };
  if (typeof value === "boolean") return { value: value ? "yes" : "no", code: false };
  if (typeof value !== "string") return { value: JSON.stringify(value), code: true };
  if (TIME.test(value)) return { value: timeOf(value), code: false };
  return { value, code: HASH.test(value) };
}

function figure(name: string, value: number): string {
  if (!Number.isSafeInteger(value)) return String(value);
  if (name.endsWith("_usd_cents")) return formatUsdCents(value);
  if (name.endsWith("_micro_usd")) return formatUsd(value);
  // A number that names something has no commas.
  return name === "id" || name.endsWith("_id") ? String(value) : formatCount(value);
}

function timeOf(value: string): string {
  const ms = Date.parse(value);
  return `${formatDate(ms)} ${new Date(ms).toISOString().slice(11, 19)}`;
}
