// What the URLs of the billing pages carry, and what of it is believed.
import { isService } from "../app/queries";
import { ownPath } from "./back";

/** Which usage is open: a service's days, one day's hours, one hour's requests. */
export interface OpenRows {
  readonly open?: string;
  /** "2026-11-19" */
  readonly day?: string;
  /** "08": of the day; its requests are those of one network, or of the unknown one. */
  readonly hour?: string;
  readonly network?: string;
}

export interface BillingSearch extends OpenRows {
  /** In cents: the deposit is filled in. */
  readonly deposit?: number;
  /** In cents, 0 for none: the limit is being changed. */
  readonly limit?: number;
  /** Where to go once either is done. */
  readonly back?: string;
}

interface TransactionsSearch {
  /** First and last day of the statement. */
  readonly from?: string;
  readonly to?: string;
}

type Raw = Record<string, unknown>;

export function readBillingSearch(raw: Raw): BillingSearch {
  return given({
    ...readOpenRows(raw),
    deposit: cents(raw.deposit, 1),
    limit: cents(raw.limit, 0),
    back: ownPath(raw.back),
  });
}

export function readOpenRows(raw: Raw): OpenRows {
  const open = typeof raw.open === "string" && isService(raw.open) ? raw.open : undefined;
  const chosen = open === undefined ? undefined : day(raw.day);
  const at = chosen === undefined ? undefined : hour(raw.hour);
  const network = at !== undefined && typeof raw.network === "string" ? raw.network : undefined;
  return given({ open, day: chosen, hour: at, network });
}

export function readTransactionsSearch(raw: Raw): TransactionsSearch {
  return given({ from: day(raw.from), to: day(raw.to) });
}

function cents(value: unknown, least: number): number | undefined {
  const read = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof read === "number" && Number.isSafeInteger(read) && read >= least ? read : undefined;
}

function day(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined;
  const ms = Date.parse(value);
  // The 31st of a short month would be read as a day of the next one.
  return !Number.isNaN(ms) && dayOf(ms) === value ? value : undefined;
}

function hour(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value).padStart(2, "0") : value;
  return typeof text === "string" && /^([01]\d|2[0-3])$/.test(text) ? text : undefined;
}

/** "2026-11-19" */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Without what is not there: an absent parameter is no parameter. */
function given<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
