import { describe, expect, it } from "vitest";
import { detailWords, jobWords } from "./words";

describe("what a run did", () => {
  it.each([
    ["close", null, "nothing to do"],
    ["close", { error: "no answer within 30s" }, "no answer within 30s"],
    [
      "close",
      { alarms: 0, changed: 6, documents: 1, waiting: 2 },
      "6 months closed or corrected, 1 document issued, 2 waiting for a charge or an earlier month",
    ],
    [
      "charge",
      {
        charged: { charged: 6, charged_usd_cents: 74_092, refused: 1, uncovered: 0 },
        withdrawals: { settled: 1, paid_usd_cents: 729_809, requests: 1 },
      },
      "Draws: 6 draws, $740.92, 1 refused. Withdrawals: 1 settled, $7,298.09",
    ],
    [
      "renew",
      { amount_micro_usd: 650_000_000, items: 14, months: 6, refused: 0 },
      "6 months begun, 14 items charged, $650.00",
    ],
    [
      "shadow",
      { customers: 6, hours: 60, mismatches: 0 },
      "6 customers over 60 hours rated again, equal",
    ],
    [
      "shadow",
      { customers: 1, hours: 1, mismatches: 2 },
      "1 customer over 1 hour rated again, 2 differ",
    ],
    [
      "backup",
      {
        bytes: 2_000_000,
        file: "a",
        last_epoch: 1_200,
        removed: 1,
        took_ms: 900,
        watermark: 1_190,
      },
      "1.91 MiB through epoch 1,200, 1 old one removed",
    ],
    ["backup_check", { every_hours: 24, last_at: null }, "there is none yet"],
    ["vault_check", { rewritten: [], set: "same", version: 6 }, "v6 is what keys and spend say"],
    [
      "vault_check",
      { rewritten: ["a"], set: { differs: [], services: 2 }, version: 7 },
      "v7 differs for 2 services, 1 file written again",
    ],
    ["ledger_check", { differences: 3, first: [] }, "3 differences found"],
    ["escrow_accounts", { result: 2 }, "2 accounts opened"],
    ["alerts", { alerts: 0, limits: 1 }, "1 limit told"],
    ["alerts", { alerts: 0, limits: 0 }, "nothing changed"],
    ["something_else", { tables: 2, rows: { kept: 1 } }, "tables 2, rows: kept 1"],
  ])("%s %j: %s", (job, detail, words) => {
    expect(detailWords(job, detail)).toBe(words);
  });
  it("names jobs, and those it does not know", () => {
    expect(jobWords("ledger_check").word).toBe("Ledger check");
    expect(jobWords("new_job")).toEqual({ word: "New job", what: "" });
  });
});
