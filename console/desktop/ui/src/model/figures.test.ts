import { expect, test } from "vitest";
import { fates } from "../lines/fates";
import { aPipeline } from "../testing";
import { trustFigures } from "./figures";
import { formatLarge, formatMillis, formatPpm } from "./format";

test("the trust bar's figures, bounds and notes", () => {
  const pipeline = aPipeline({
    loss: { missing: 12, ppm: 10.4, workers: [] },
    lag_ms: { p50: 21, p99: 1_240 },
  });
  const shown = trustFigures(pipeline, [pipeline]).map(
    ({ key, value, unit, note, over }) => `${key} ${value} ${unit} (${note})${over ? " over" : ""}`,
  );
  expect(shown).toEqual([
    "ingest 2,013 lines/s ()",
    "lag 1.24 s (≤ 1 s) over",
    "frontier 12 ms (≤ 1 s)",
    "loss 10.4 ppm (12 missing · ≤ 10) over",
    "unreadable 0 lines (of 100)",
    "sync 3 ms p99 (≤ 10 ms)",
  ]);
});

test("before the first state every figure is unknown, none is zero", () => {
  for (const { value, raw, over } of trustFigures(null, [])) {
    expect([value, raw, over]).toEqual(["–", null, false]);
  }
});

test.each([
  [0, "0"],
  [0.04, "<0.1"],
  [2.06, "2.1"],
  [99.96, "100"],
  [12_345.6, "12,346"],
])("%d ppm is %s", (ppm, text) => expect(formatPpm(ppm)).toBe(text));

test.each([
  [9_999, "9,999"],
  [10_000, "10 k"],
  [48_212, "48.2 k"],
  [999_999, "999 k"],
  [1_000_000, "1 M"],
  [5_359_875, "5.3 M"],
  [174_512_008, "174 M"],
])("%d is %s", (count, text) => expect(formatLarge(count)).toBe(text));

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_000, "1.00 s"],
  [125_000, "125 s"],
])("%d ms is %s", (ms, text) => {
  const { value, unit } = formatMillis(ms);
  expect(`${value} ${unit}`).toBe(text);
});

test("reasons are in words, most frequent first; an unknown one goes by its code", () => {
  const rejected_by_reason = { oversize: 0, sf1_tokens: 2, new_reason: 5 };
  const lines = { ...aPipeline().lines, rejected: 7, rejected_by_reason };
  const reasons = fates(aPipeline({ lines })).filter(({ kind }) => kind === "reason");
  expect(reasons.map(({ word, code, lines }) => [word, code, lines])).toEqual([
    ["new_reason", "new_reason", 5],
    ["other than 30 tokens", "sf1_tokens", 2],
  ]);
});
