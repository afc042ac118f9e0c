// The API's words in the reader's.
import { formatDay, monthName, type Status } from "@suiftly/ui";

type Direction = "in" | "out" | "none";

interface TransactionWords {
  readonly words: string;
  /** Whether it adds to the escrow or takes from it; a request or a setting does neither. */
  readonly direction: Direction;
}

const TRANSACTIONS: Record<string, TransactionWords> = {
  deposit: { words: "Deposit", direction: "in" },
  withdrawal_requested: { words: "Withdrawal asked for", direction: "none" },
  withdrawal: { words: "Withdrawal, paid to your wallet", direction: "out" },
  charge: { words: "Drawn for plans and usage", direction: "out" },
  refund: { words: "Refund", direction: "in" },
  limit: { words: "Monthly limit set", direction: "none" },
};

export function transactionWords(kind: string): TransactionWords {
  return TRANSACTIONS[kind] ?? { words: kind, direction: "none" };
}

const POSTINGS: Record<string, string> = {
  opening: "Held before the books began",
  deposit: "Deposit",
  withdrawal: "Withdrawal, paid to your wallet",
  subscription: "Plan or add-on",
  usage: "Usage",
  charge_intent: "Charge begun",
  charge: "Drawn from escrow",
  charge_refused: "Charge refused",
  limit_waiver: "Above your limit, not charged",
  credit: "Credit granted",
  credit_applied: "Credit used",
  excess: "Drawn too much, given back as credit",
  note: "Note after the close",
  refund: "Refund",
};

export function postingWords(kind: string): string {
  return POSTINGS[kind] ?? kind;
}

interface StatusWords {
  readonly status: Status;
  readonly word: string;
}

const INVOICE_STATUSES: Record<string, StatusWords> = {
  draft: { status: "updating", word: "Draft" },
  open: { status: "updating", word: "Open" },
  paid: { status: "ok", word: "Paid" },
  failed: { status: "down", word: "Failed" },
  void: { status: "disabled", word: "Void" },
};

export function invoiceStatus(status: string): StatusWords {
  return INVOICE_STATUSES[status] ?? { status: "disabled", word: status };
}

const DOCUMENTS: Record<string, string> = {
  invoice: "Invoice",
  credit_note: "Credit note",
  debit_note: "Debit note",
};

export function documentWord(kind: string): string {
  return DOCUMENTS[kind] ?? kind;
}

/** "2026-11" → "November 2026" */
export function monthOfYear(month: string): string {
  return `${monthName(month)} ${month.slice(0, 4)}`;
}

/** "2026-11" → Unix time in ms of its first instant. */
export function monthStart(month: string): number {
  return Date.parse(`${month}-01T00:00:00Z`);
}

/** "2026-11" → Unix time in ms of the next month's first instant. */
export function monthEnd(month: string): number {
  const start = new Date(monthStart(month));
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
}

/** The day on which limits begin anew: "1 Dec". */
export function nextFirst(month: string): string {
  return formatDay(monthEnd(month));
}

/** A digest or a hash, cut to what one compares: "9fKqX1…3tZb". */
export function shorten(text: string): string {
  return text.length <= 14 ? text : `${text.slice(0, 6)}…${text.slice(-4)}`;
}

/** An event of a transaction is named by its place behind a colon: explorers know the transaction. */
export function transactionOf(digest: string): string {
  return digest.split(":")[0] ?? digest;
}
