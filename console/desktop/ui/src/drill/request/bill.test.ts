import { NO_COUNTS } from "@suiftly/ui";
import type { RecordBill } from "@suiftly/ui/api/admin";
import { describe, expect, test } from "vitest";
import { aRecord } from "../lines/sample";
import { type BillStep, billSteps } from "./bill";

const COUNTS = { ...NO_COUNTS, requests: 11_734, billable_requests: 11_733, server_error: 1 };

function bill(change: Partial<RecordBill> = {}): RecordBill {
  return {
    record: aRecord(),
    class: "server_error",
    is_attributed: true,
    is_billable: false,
    reason: "Status 504 is free: price book 1 bills statuses 100 to 399.",
    price_book: 1,
    amount_micro_usd: 0,
    hour: { start: "2026-11-19T14:00:00Z", counts: COUNTS, recounted: COUNTS, is_equal: true },
    invoice: {
      number: null,
      month: "2026-11",
      is_draft: true,
      line: { description: "Seal usage", amount_micro_usd: 648_211_700 },
    },
    ...change,
  };
}

const step = (key: BillStep["key"], of: RecordBill) => billSteps(of).find((one) => one.key === key);

test("from the line to the invoice, in order", () => {
  expect(billSteps(bill()).map(({ said, figure }) => `${said}: ${figure}`)).toEqual([
    "Line 90412259, counted once: 14:21:08.146",
    "Hour 14:00, seal, mainnet: 11,733 billable, 1 server error",
    "Status 504 is free: price book 1 bills statuses 100 to 399.: $0.0000",
    "Draft of November, line “Seal usage”: $648.2117, unchanged",
    "Hour counted again: 11,734 requests of its raw lines: equal",
  ]);
});

test.each([
  ["server_error", 123, "11,733 billable, 123 server errors"],
  ["client_error", 1, "11,733 billable, 1 client error"],
  ["rejected", 2, "11,733 billable, 2 rejected"],
] as const)("an hour's %s, %d of them", (of, count, figure) => {
  const hour = { ...bill().hour, counts: { ...COUNTS, [of]: count } };
  expect(step("hour", bill({ class: of, hour }))?.figure).toBe(figure);
});

test("what is billed changes its line, and says its price", () => {
  const billed = bill({ is_billable: true, class: "guaranteed", amount_micro_usd: 100 });
  expect(step("rule", billed)?.figure).toBe("$0.0001");
  expect(step("invoice", billed)?.figure).toBe("$648.2117");
});

describe("what is not known is not made up", () => {
  test("a price that depends on the month", () => {
    expect(step("rule", bill({ amount_micro_usd: null }))?.figure).toBe("by the whole month");
  });
  test("nobody’s request", () => {
    const nobodys = bill({ is_attributed: false, invoice: null });
    expect(step("invoice", nobodys)).toMatchObject({ said: "On no invoice", figure: "–" });
  });
  test("an invoice without a line of its kind", () => {
    const invoice = { number: "INV-2026-000017", month: "2026-11", is_draft: false, line: null };
    expect(step("invoice", bill({ invoice }))?.said).toBe(
      "INV-2026-000017 has no line of its kind",
    );
  });
  test("raw lines that are gone", () => {
    const hour = { start: "2026-11-19T14:00:00Z", counts: COUNTS, recounted: null, is_equal: null };
    expect(step("recount", bill({ hour }))).toMatchObject({
      figure: "no longer kept",
      tone: "quiet",
    });
  });
});

test.each([
  [{ ...COUNTS, requests: 11_730 }, "differs by −4 requests"],
  [{ ...COUNTS, billable_requests: 11_735 }, "differs by 2 billable requests"],
])("a recount that differs is loud", (recounted, figure) => {
  const hour = { start: "2026-11-19T14:00:00Z", counts: COUNTS, recounted, is_equal: false };
  expect(step("recount", bill({ hour }))).toMatchObject({ figure, tone: "bad" });
});
