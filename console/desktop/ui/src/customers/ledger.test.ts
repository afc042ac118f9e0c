import type { StatementRow } from "@suiftly/ui/api/admin";
import { expect, test } from "vitest";
import { entries, isBalanced } from "./ledger";

function row(id: number, debit: string, credit: string, amount_micro_usd: number): StatementRow {
  return {
    id,
    posted_at: "2026-11-22T14:19:02Z",
    kind: "charge",
    month: "2026-11",
    debit,
    credit,
    amount_micro_usd,
    reference: "charge:1",
    reverses: null,
    memo: null,
    balances: { held_micro_usd: 0, owed_micro_usd: 0, credits_micro_usd: 0 },
  };
}

test("entries stand newest first, in words", () => {
  const rows = [
    { ...row(1, "receivable", "revenue", 5), kind: "usage" },
    { ...row(2, "escrow", "suspense", 4), reverses: 1 },
  ];
  expect(entries(rows)).toMatchObject([
    { id: 2, title: "Usage drawn, reversed", debit: "escrow", credit: "charges in flight" },
    { id: 1, title: "Usage rated", debit: "accrued receivable", credit: "revenue", amount: 5 },
  ]);
});

test("debits and credits explain what is in the accounts", () => {
  const opening = { held_micro_usd: 100, owed_micro_usd: 0, credits_micro_usd: 0 };
  const rows = [
    row(1, "receivable", "revenue", 30),
    row(2, "waivers", "credits", 10),
    row(3, "credits", "receivable", 10),
    row(4, "suspense", "receivable", 20),
    row(5, "escrow", "suspense", 20),
    row(6, "treasury", "custody", 20),
  ];
  const closing = { held_micro_usd: 80, owed_micro_usd: 0, credits_micro_usd: 0 };
  expect(isBalanced(rows, opening, closing)).toBe(true);
  expect(isBalanced(rows, opening, { ...closing, held_micro_usd: 81 })).toBe(false);
});
