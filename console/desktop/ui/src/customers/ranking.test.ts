import { NO_COUNTS } from "@suiftly/ui";
import type { TopCustomer } from "@suiftly/ui/api/admin";
import { describe, expect, test } from "vitest";
import {
  amount,
  change,
  changeShare,
  measureOf,
  rangeOf,
  rankOf,
  spanOf,
  TOP_MAX,
} from "./ranking";

test("what is unknown in the address is left out", () => {
  expect([measureOf("money"), measureOf("luck"), measureOf(undefined)]).toEqual([
    "money",
    "requests",
    "requests",
  ]);
  expect([rangeOf("7d"), rangeOf("9d")]).toEqual(["7d", "24h"]);
});

test("an hour is the last whole one", () => {
  const now = Date.parse("2026-11-22T14:32:07Z");
  expect(spanOf("1h", now)).toEqual({
    from: "2026-11-22T13:00:00.000Z",
    to: "2026-11-22T14:00:00.000Z",
  });
  expect(spanOf("7d", now)).toEqual({ range: "7d" });
});

describe("amounts", () => {
  test.each([
    ["requests", 1_204, "1,204", "+1,204"],
    ["errors", -36, "−36", "−36"],
    ["money", 4_100_000, "$4.10", "+$4.10"],
    ["bytes", 2_587_650_000, "2.41 GiB", "+2.41 GiB"],
    ["bytes", -2_048, "−2.00 KiB", "−2.00 KiB"],
    ["requests", 0, "0", "0"],
  ] as const)("%s %i", (by, value, plain, signed) => {
    expect([amount(by, value), change(by, value)]).toEqual([plain, signed]);
  });

  test.each([
    [100, 112, "+12%"],
    [100, 76, "−24%"],
    [1_000, 1_001, "±0%"],
    [0, 5, "new"],
    [5, 0, "gone"],
    [0, 0, ""],
  ])("%i to %i", (before, value, words) => {
    expect(changeShare(before, value)).toBe(words);
  });
});

describe("in a ranking", () => {
  const row = (customer_id: number): TopCustomer => ({
    customer_id,
    value: 1,
    value_before: 0,
    change: 1,
    counts: NO_COUNTS,
    rated_micro_usd: 0,
  });
  const full = Array.from({ length: TOP_MAX }, (_, at) => row(at + 1));

  test.each([
    ["there", [row(7)], 7, row(7)],
    ["not there, and it has room", [row(7)], 8, "none"],
    ["not there, and it is full", full, TOP_MAX + 1, "beyond"],
    ["not read yet", undefined, 7, undefined],
  ] as const)("%s", (_, top, id, rank) => {
    expect(rankOf(top, id)).toEqual(rank);
  });
});
