// A price book, read leniently: what is published may be newer than this page.
import { formatBytes, formatCount, formatUsd } from "@suiftly/ui";
import { serviceWord } from "../words/services";

export type RawBook = Readonly<Record<string, unknown>>;

interface Band {
  readonly up_to?: number;
  readonly price: number;
}

export interface Price {
  readonly model: "per_unit" | "flat" | "graduated" | "volume" | "package";
  readonly price: number;
  readonly bands: readonly Band[];
  readonly per_units: number;
  readonly free_units: number;
  readonly minimum: number;
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function number(value: unknown, otherwise = 0): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

export function readPrice(value: unknown): Price {
  const of = fields(value);
  return {
    model: (typeof of.model === "string" ? of.model : "per_unit") as Price["model"],
    price: number(of.price),
    bands: Array.isArray(of.bands) ? (of.bands as Band[]) : [],
    per_units: number(of.per_units, 1),
    free_units: number(of.free_units),
    minimum: number(of.minimum),
  };
}

/** What is counted: requests, or bytes, which are told in their largest whole unit. */
export type Counted = "request" | "byte";

function units(count: number, of: Counted): string {
  if (of === "byte") {
    const { value, unit } = formatBytes(count);
    const short = value.replace(/\.00$/, "");
    return short === "1" ? unit : `${short} ${unit}`;
  }
  return count === 1 ? "request" : `${formatCount(count)} requests`;
}

/** A price has cents; what is below one is said where there is any. */
function usd(microUsd: number): string {
  return formatUsd(microUsd, { digits: microUsd % 10_000 === 0 ? "cents" : "all" });
}

/** "$1.00 per 10,000 requests", with its quota and its minimum. */
export function priceWords(price: Price, of: Counted): string {
  const parts = [modelWords(price, of)];
  if (price.free_units > 0) parts.push(`the first ${units(price.free_units, of)} of a month free`);
  if (price.minimum > 0) parts.push(`at least ${usd(price.minimum)} a month once used`);
  return parts.join(", ");
}

function modelWords({ model, price, bands, per_units }: Price, of: Counted): string {
  const per = `per ${units(per_units, of)}`;
  switch (model) {
    case "flat":
      return `${usd(price)} a month, however many`;
    case "package":
      return `${usd(price)} for each started ${units(per_units, of)}`;
    case "graduated":
      return `${bandWords(bands, of)}, ${per}, each at its band’s price`;
    case "volume":
      return `${bandWords(bands, of)}, ${per}, all at the price of the last one’s band`;
    default:
      return `${usd(price)} ${per}`;
  }
}

function bandWords(bands: readonly Band[], of: Counted): string {
  return bands
    .map(({ up_to, price }) =>
      up_to === undefined ? `then ${usd(price)}` : `${usd(price)} up to ${units(up_to, of)}`,
    )
    .join(", ");
}

const SERVICE_NUMBERS: Readonly<Record<string, string>> = { 1: "seal", 2: "grpc", 3: "graphql" };

function service(number: unknown): string {
  return serviceWord(SERVICE_NUMBERS[String(number)] ?? String(number));
}

interface BookRow {
  readonly section: "Usage" | "Tiers, a month" | "Add-ons, a month" | "What is billed";
  readonly word: string;
  readonly value: string;
}

const TIERS = [
  ["starter", "Starter"],
  ["pro", "Pro"],
  ["enterprise", "Enterprise"],
] as const;

const ADD_ONS = [
  ["burst", "Burst"],
  ["seal_key", "Each seal key beyond those included"],
  ["package", "Each package beyond those included"],
  ["api_key", "Each API key beyond those included"],
] as const;

/** Everything in the book, in people's terms. */
export function bookRows(book: RawBook): readonly BookRow[] {
  const subscriptions = fields(book.subscriptions);
  const monthly = (section: BookRow["section"], of: readonly (readonly [string, string])[]) =>
    of.map(([name, word]) => ({ section, word, value: usd(number(subscriptions[name])) }));
  const billed = Array.isArray(book.bytes_billed_for) ? book.bytes_billed_for : [];
  return [
    usage("Requests", priceWords(readPrice(book.requests), "request")),
    ...Object.entries(fields(book.requests_for)).map(([of, price]) =>
      usage(`Requests of ${service(of)}`, priceWords(readPrice(price), "request")),
    ),
    usage(
      billed.length === 0 ? "Data" : `Data of ${billed.map(service).join(" and ")}`,
      billed.length === 0 ? "free" : priceWords(readPrice(book.bytes), "byte"),
    ),
    ...monthly("Tiers, a month", TIERS),
    ...monthly("Add-ons, a month", ADD_ONS),
    ...billableRows(book.billable),
  ];
}

function usage(word: string, value: string): BookRow {
  return { section: "Usage", word, value };
}

function billableRows(rule: unknown): readonly BookRow[] {
  const section = "What is billed";
  const { statuses, traffic_types } = fields(rule);
  const ranges = Array.isArray(statuses) ? statuses.map(fields) : [{ from: 100, to: 399 }];
  const types = Array.isArray(traffic_types) ? traffic_types : [1, 2];
  return [
    {
      section,
      word: "Answers",
      value: `status ${ranges.map(({ from, to }) => (from === to ? from : `${from} to ${to}`)).join(", ")}`,
    },
    { section, word: "Traffic", value: types.map(trafficWord).join(" and ") },
  ];
}

function trafficWord(type: unknown): string {
  if (type === 0) return "without a type";
  if (type === 1) return "guaranteed";
  return type === 2 ? "burst" : `type ${type}`;
}

/** Whether what a unit costs does not depend on how much is used in the month. */
export function isLinear(book: RawBook): boolean {
  const prices = [book.requests, book.bytes, ...Object.values(fields(book.requests_for))];
  return prices
    .map(readPrice)
    .every(({ model, free_units, minimum }) => model === "per_unit" && free_units + minimum === 0);
}

export interface Change {
  readonly word: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What one book says otherwise than another. */
export function changesOf(before: RawBook, after: RawBook): readonly Change[] {
  const [old, next] = [asMap(before), asMap(after)];
  const words = [...new Set([...old.keys(), ...next.keys()])];
  return words
    .map((word) => ({ word, before: old.get(word) ?? null, after: next.get(word) ?? null }))
    .filter((change) => change.before !== change.after);
}

function asMap(book: RawBook): ReadonlyMap<string, string> {
  return new Map(bookRows(book).map(({ word, value }) => [word, value]));
}
