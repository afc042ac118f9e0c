// The ledger as double entries: the newest first, an entry's debits before its credits.
import type { StatementRow } from "@suiftly/ui/api/admin";

export interface Entry {
  readonly id: number;
  readonly at: number;
  readonly title: string;
  readonly memo: string | null;
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
}

const KINDS: Readonly<Record<string, string>> = {
  opening: "Held before",
  deposit: "Deposit",
  withdrawal: "Withdrawal",
  subscription: "Subscription",
  usage: "Usage rated",
  charge_intent: "Draw intended",
  charge: "Usage drawn",
  drawn: "Funds came",
  charge_refused: "Draw refused",
  limit_waiver: "Waived at the limit",
  credit: "Credit granted",
  credit_applied: "Credit used",
  excess: "Drawn too much",
  note: "Note after the close",
  refund: "Given back",
};

const ACCOUNTS: Readonly<Record<string, string>> = {
  receivable: "accrued receivable",
  suspense: "charges in flight",
};

export function entries(rows: readonly StatementRow[]): readonly Entry[] {
  return rows.toReversed().map((row) => ({
    id: row.id,
    at: Date.parse(row.posted_at),
    title: row.reverses == null ? kindWord(row.kind) : `${kindWord(row.kind)}, reversed`,
    memo: row.memo ?? null,
    debit: ACCOUNTS[row.debit] ?? row.debit,
    credit: ACCOUNTS[row.credit] ?? row.credit,
    amount: row.amount_micro_usd,
  }));
}

/** Whether what each account changed by is what was posted to it: the books as this page reads them. */
export function isBalanced(
  rows: readonly StatementRow[],
  opening: Balances,
  closing: Balances,
): boolean {
  let [held, owed, credits] = [
    opening.held_micro_usd,
    opening.owed_micro_usd,
    opening.credits_micro_usd,
  ];
  for (const { debit, credit, amount_micro_usd: amount } of rows) {
    held += side("escrow", credit, debit) * amount;
    owed += side("receivable", debit, credit) * amount;
    credits += side("credits", credit, debit) * amount;
  }
  return (
    held === closing.held_micro_usd &&
    owed === closing.owed_micro_usd &&
    credits === closing.credits_micro_usd
  );
}

type Balances = Readonly<Record<"held_micro_usd" | "owed_micro_usd" | "credits_micro_usd", number>>;

/** 1 where the account grows, −1 where it shrinks. */
function side(account: string, grows: string, shrinks: string): number {
  return Number(account === grows) - Number(account === shrinks);
}

function kindWord(kind: string): string {
  return KINDS[kind] ?? kind.replaceAll("_", " ");
}
