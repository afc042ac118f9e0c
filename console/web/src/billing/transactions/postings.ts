// The books as their owner reads them: postings that touch none of the owner's accounts are the house's own business.
import { DAY_MS } from "@suiftly/ui";
import type { StatementRow, StatementView } from "@suiftly/ui/api/customer";
import { decimalUsd, toCsv } from "../csv";
import { postingWords } from "../words";

const OWN = new Set(["escrow", "receivable", "credits"]);

export function ownPostings({ rows }: StatementView): readonly StatementRow[] {
  return rows.filter(({ debit, credit }) => OWN.has(debit) || OWN.has(credit));
}

const HEADER = [
  "time",
  "id",
  "what",
  "kind",
  "month",
  "debit",
  "credit",
  "amount_usd",
  "escrow_usd",
  "owed_usd",
  "credits_usd",
  "memo",
];

/** Every posting, in the ledger's own words. */
export function statementCsv({ rows }: StatementView): string {
  return toCsv([HEADER, ...rows.map(csvRow)]);
}

function csvRow(row: StatementRow) {
  const { escrow_micro_usd, receivable_micro_usd, credits_micro_usd } = row.balances;
  return [
    row.at,
    row.id,
    postingWords(row.kind),
    row.kind,
    row.month,
    row.debit,
    row.credit,
    ...[row.amount_micro_usd, escrow_micro_usd, receivable_micro_usd, credits_micro_usd].map(
      decimalUsd,
    ),
    row.memo,
  ];
}

/** First and last day, both whole, as the API takes it: the first instant, and the first after. */
export function statementRange(first: string | undefined, last: string | undefined) {
  return {
    ...(first && { from: `${first}T00:00:00Z` }),
    ...(last && { to: new Date(Date.parse(last) + DAY_MS).toISOString() }),
  };
}
