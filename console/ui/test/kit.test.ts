// What the controls decide by themselves: reading money, finding by letters, taking lists apart.
import { describe, expect, test } from "vitest";
import { formatAgo, formatDate, formatDuration, formatUsd, formatUsdCents } from "../src";
import { sortChips, splitChips } from "../src/chips/split";
import { parseUsdCents } from "../src/format/money";
import { findMatches, matchScore } from "../src/palette/match";

describe("money as text", () => {
  test.each([
    [754_215_399, "cents", "$754.21"],
    [754_215_300, "all", "$754.2153"],
    [33_861_000, "all", "$33.8610"],
    [100, "all", "$0.0001"],
    [1, "all", "$0.000001"],
    [-4_100_000, "cents", "−$4.10"],
    [null, "cents", "–"],
  ] as const)("%s micro-dollars, %s", (micro, digits, text) =>
    expect(formatUsd(micro, { digits })).toBe(text),
  );

  test.each([
    [25_000, "$250.00"],
    [-5, "−$0.05"],
    [123_456_789, "$1,234,567.89"],
    [null, "–"],
  ])("%s cents", (cents, text) => expect(formatUsdCents(cents)).toBe(text));
});

test.each([
  ["250", 25_000],
  ["$250.00", 25_000],
  ["$1,000", 100_000],
  [" 1 000.5 ", 100_050],
  ["$20", 2_000],
  ["20 USD", 2_000],
  ["US$ 20", 2_000],
  [".5", 50],
  ["7.", 700],
  ["20.500", 2_050],
  ["0", 0],
  ["", null],
  ["$", null],
  [".", null],
  ["twenty", null],
  ["-5", null],
  ["1,00", null],
  ["1,0000", null],
  ["1.2.3", null],
  // A tenth of a cent is not dropped without a word.
  ["20.505", null],
  ["99999999999999999999", null],
])("%j as an amount is %s cents", (text, cents) => expect(parseUsdCents(text)).toBe(cents));

test.each([0, 1, 99, 100, 123_456_789])("%s cents are read as they are written", (cents) =>
  expect(parseUsdCents(formatUsdCents(cents))).toBe(cents),
);

describe("times", () => {
  const now = Date.parse("2026-11-19T14:32:07Z");

  test.each([
    ["2026-11-19T14:32:03Z", "4 s ago"],
    // A clock that is a little ahead of ours.
    ["2026-11-19T14:32:09Z", "0 s ago"],
    ["2026-11-19T14:29:00Z", "3 min ago"],
    ["2026-11-19T08:00:00Z", "08:00"],
    ["2026-11-18T19:47:00Z", "Yesterday 19:47"],
    ["2026-11-17T23:59:00Z", "17 Nov"],
    ["2025-11-17T12:00:00Z", "17 Nov 2025"],
  ])("%s is %s", (iso, text) => expect(formatAgo(Date.parse(iso), now)).toBe(text));

  test("a date", () => expect(formatDate(now)).toBe("19 Nov 2026"));

  test.each([
    [46.4, "46 ms"],
    [1_250, "1.25 s"],
    [12_400, "12.4 s"],
    [192_000, "3 min 12 s"],
    [null, "–"],
  ])("%s ms", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("finding by letters", () => {
  const items = [
    { label: "Usage", keywords: "requests traffic" },
    { label: "Billing", keywords: "invoices money" },
    { label: "API keys" },
    { label: "Seal keys" },
    { label: "Deposit into escrow" },
  ];
  const found = (typed: string) => findMatches(items, typed).map(({ label }) => label);

  test.each([
    ["", ["Usage", "Billing", "API keys", "Seal keys", "Deposit into escrow"]],
    ["bil", ["Billing"]],
    ["BIL", ["Billing"]],
    ["keys", ["API keys", "Seal keys"]],
    ["sk", ["Seal keys"]],
    ["keys seal", ["Seal keys"]],
    ["invoice", ["Billing"]],
    ["die", ["Deposit into escrow"]],
    ["zzz", []],
  ])("%j finds %j", (typed, labels) => expect(found(typed)).toEqual(labels));

  test("beginnings of words come first", () => {
    expect(matchScore("se", "Seal") ?? 0).toBeGreaterThan(matchScore("se", "Usage seen") ?? 0);
    expect(matchScore("dep", "Deposit") ?? 0).toBeGreaterThan(matchScore("dep", "Old report") ?? 0);
  });
});

describe("lists of short texts", () => {
  test.each([
    ["10.0.0.1", ["10.0.0.1"]],
    ["10.0.0.1,10.0.0.2;10.0.0.3", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]],
    [" a\r\n\tb ,; c\n", ["a", "b", "c"]],
    [" ,;\n", []],
  ])("%j is taken apart", (text, parts) => expect(splitChips(text)).toEqual(parts));

  const check = (text: string) => (/^\d+$/.test(text) ? null : "is no number.");

  test("takes what is right, says why the rest is not, in its order", () => {
    const sorted = sortChips(["1", "x", "2", "2", "3"], { values: ["1"], check, max: 3 });
    expect(sorted.taken).toEqual(["2", "3"]);
    expect(sorted.refused).toEqual([{ text: "x", reason: "is no number." }]);
  });

  test("takes no more than there is room for", () => {
    const { taken, refused } = sortChips(["2", "3", "4"], { values: ["1"], check, max: 2 });
    expect(taken).toEqual(["2"]);
    expect(refused.map(({ text }) => text)).toEqual(["3", "4"]);
    expect(refused[0]?.reason).toBe("At most 2.");
  });
});
