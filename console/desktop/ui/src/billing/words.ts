// The API's words of money in the operator's.
import { formatCount, type Status } from "@suiftly/ui";

interface StatusWords {
  readonly status: Status;
  readonly word: string;
}

const STATUSES: Readonly<Record<string, StatusWords>> = {
  draft: { status: "updating", word: "Draft" },
  open: { status: "updating", word: "Open" },
  paid: { status: "ok", word: "Paid" },
  failed: { status: "down", word: "Failed" },
  void: { status: "disabled", word: "Void" },
};

export function invoiceStatus(status: string): StatusWords {
  return STATUSES[status] ?? { status: "disabled", word: status };
}

const DOCUMENTS: Readonly<Record<string, string>> = {
  invoice: "Invoice",
  credit_note: "Credit note",
  debit_note: "Debit note",
};

export function documentWord(kind: string): string {
  return DOCUMENTS[kind] ?? kind.replaceAll("_", " ");
}

const CHECKS: Readonly<Record<string, string>> = {
  escrow: "Balance in escrow",
  credits: "Credits",
  suspense: "Draws under way",
  charged_in_all: "Drawn in all",
  credited_in_all: "Credited in all",
  fixed_in_all: "Plans and usage in all",
  receivable: "Owed for the month",
  in_flight: "Under way for the month",
  waived: "Above the limit, waived",
  revenue: "Revenue of the month",
  cap: "Drawn, at most the limit",
  closed: "Payable of the closed month",
  balance: "Balance",
  limit: "Monthly limit",
  event: "Event",
  charge: "Draw",
  undecided: "Draw in doubt",
  sum: "Sum of events",
};

/** What was compared. */
export function checkWord(check: string): string {
  return CHECKS[check] ?? check.replaceAll("_", " ");
}

/** "4,440,753", "1.34 GiB" stay the API's: a line's unit in words. */
export function quantityWords(quantity: number, unit: string): string {
  const count = formatCount(quantity);
  if (unit === "piece") return count;
  return `${count} ${unit}${quantity === 1 ? "" : "s"}`;
}
