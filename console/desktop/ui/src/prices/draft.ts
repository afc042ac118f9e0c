// A book that is being written: its text is the one truth, and fields change it.
import { formatBytes, formatCount } from "@suiftly/ui";
import { isLinear, type RawBook } from "./book";

const HOUR_MS = 3_600_000;
/** A book is published at least so long before it takes effect. */
const AHEAD_MS = 15 * 60_000;

export function textOf(book: RawBook): string {
  return JSON.stringify(book, null, 2);
}

type Parsed =
  | { readonly book: RawBook; readonly wrong: null }
  | { readonly book: null; readonly wrong: string };

export function parseBook(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { book: value as RawBook, wrong: null };
    }
    return { book: null, wrong: "A book is a JSON object." };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { book: null, wrong: `This is no JSON: ${why}` };
  }
}

/** The first whole hour from which a book can be in force. */
export function firstHour(now: number): number {
  return Math.ceil((now + AHEAD_MS) / HOUR_MS) * HOUR_MS;
}

/** A copy to be changed: the next version, from the first hour that it can be. */
export function nextBook(book: RawBook, versions: readonly number[], now: number): RawBook {
  return { ...book, version: Math.max(0, ...versions) + 1, effective_from: firstHour(now) };
}

interface Others {
  readonly versions: readonly number[];
  /** The latest hour from which one is in force, Unix ms. */
  readonly lastFrom: number;
  /** The book that is in force until then. */
  readonly before: RawBook;
  readonly now: number;
}

/** Why a book cannot be published, as far as it can be told here; null if it can be asked. */
export function whyNot(book: RawBook, { versions, lastFrom, before, now }: Others): string | null {
  const { version, effective_from: from } = book;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1) {
    return "It needs a version: a whole number.";
  }
  if (version <= Math.max(0, ...versions)) return `Version ${version} is not above all others.`;
  if (typeof from !== "number" || from % HOUR_MS !== 0) {
    return "It takes effect on a whole UTC hour, and on no other instant.";
  }
  if (from < now + AHEAD_MS)
    return "It takes effect a quarter of an hour from now at the earliest.";
  if (from <= lastFrom) return "It takes effect after every book that is published already.";
  const begins = new Date(from);
  const isMonth = begins.getUTCDate() === 1 && begins.getUTCHours() === 0;
  if (!isMonth && !(isLinear(book) && isLinear(before))) {
    return "Quotas, bands, packages and minimums begin with a month: the 1st at 00:00.";
  }
  return null;
}

const AMOUNT = /^\$?(\d{1,7})(?:\.(\d{1,6}))?$/;

/** "$0.06" → 60000; null when it is no amount. */
export function parseMicroUsd(text: string): number | null {
  const match = AMOUNT.exec(text.trim().replaceAll(",", ""));
  if (match === null) return null;
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(6, "0"));
}

/** 60000 → "0.06": two decimals, and more where they say more. */
export function microUsdText(microUsd: number): string {
  const [whole, part = ""] = (microUsd / 1_000_000).toFixed(6).split(".");
  return `${whole}.${part.slice(0, 2)}${part.slice(2).replace(/0+$/, "")}`;
}

export interface PriceField {
  readonly path: readonly [string, string];
  readonly word: string;
}

const FIELDS: readonly PriceField[] = [
  { path: ["requests", "price"], word: "Requests" },
  { path: ["bytes", "price"], word: "Data" },
  { path: ["subscriptions", "starter"], word: "Starter" },
  { path: ["subscriptions", "pro"], word: "Pro" },
  { path: ["subscriptions", "enterprise"], word: "Enterprise" },
  { path: ["subscriptions", "burst"], word: "Burst" },
  { path: ["subscriptions", "seal_key"], word: "Seal key" },
  { path: ["subscriptions", "package"], word: "Package" },
  { path: ["subscriptions", "api_key"], word: "API key" },
];

/** The prices that are one amount, and can be changed without the text; each with what it is for. */
export function fieldsOf(book: RawBook): readonly (PriceField & { readonly microUsd: number })[] {
  return FIELDS.flatMap((field) => {
    const value = at(book, field.path);
    const word = `${field.word}, ${unitOf(book, field)}`;
    return typeof value === "number" ? [{ ...field, word, microUsd: value }] : [];
  });
}

function unitOf(book: RawBook, { path: [outer] }: PriceField): string {
  if (outer === "subscriptions") return "$ a month";
  const units = at(book, [outer, "per_units"]);
  const count = typeof units === "number" ? units : 1;
  if (outer === "requests") return `$ per ${formatCount(count)}`;
  const { value, unit } = formatBytes(count);
  return value === "1.00" ? `$ per ${unit}` : `$ per ${value} ${unit}`;
}

function at(book: RawBook, [outer, inner]: PriceField["path"]): unknown {
  const part = book[outer];
  return typeof part === "object" && part !== null ? (part as RawBook)[inner] : undefined;
}

export function withField(
  book: RawBook,
  { path: [outer, inner] }: PriceField,
  microUsd: number,
): RawBook {
  return { ...book, [outer]: { ...(book[outer] as RawBook), [inner]: microUsd } };
}
