import type { InfraHeatmap } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { bandLabel, bandWords, heatLevel, heatOf } from "./heat";

const BANDS = [0, 1, 10, 100, 1_000, 10_000, 60_000];
const bands = BANDS.map((from_ms, at) => ({ from_ms, to_ms: BANDS[at + 1] ?? null }));
const FROM = Date.parse("2026-11-22T14:29:00Z");
const MINUTE = 60_000;

function answer(...points: InfraHeatmap["points"]): InfraHeatmap {
  return {
    epoch: 1,
    complete_to: "2026-11-22T14:31:20Z",
    from: "2026-11-22T14:29:00Z",
    to: "2026-11-22T14:33:00Z",
    bucket: "minute",
    phase: "response",
    bands,
    points,
  };
}

const POINTS = [
  { start: "2026-11-22T14:29:00Z", partial: false, counts: [0, 5, 100, 0, 0, 0, 0] },
  { start: "2026-11-22T14:31:00Z", partial: true, counts: [1, 0, 0, 0, 0, 2, 0] },
];

describe("heatOf", () => {
  const heat = heatOf(answer(...POINTS), { from: FROM, to: FROM + 4 * MINUTE });

  it("has the slowest on top, up to the slowest there was", () => {
    expect(heat.bands.map(({ from_ms }) => from_ms)).toEqual([10_000, 1_000, 100, 10, 1, 0]);
    const calm = heatOf(answer(), { from: FROM, to: FROM + MINUTE });
    expect(calm.bands.map(({ from_ms }) => from_ms)).toEqual([100, 10, 1, 0]);
  });

  it("tells minutes without requests from those nothing is known of", () => {
    expect(heat.columns.map(({ counts, total }) => [counts, total])).toEqual([
      [[0, 0, 0, 100, 5, 0], 105],
      [[0, 0, 0, 0, 0, 0], 0],
      [[2, 0, 0, 0, 0, 1], 3],
      [null, 0],
    ]);
    expect(heat.columns.map(({ isFilling }) => isFilling)).toEqual([false, false, true, false]);
    expect(heat.highest).toBe(100);
  });
});

describe("heatLevel", () => {
  it.each([
    [0, 100, 0],
    [1, 100, 1],
    [10, 100, 4],
    [100, 100, 6],
    [1, 1, 6],
  ])("%d of %d", (count, highest, level) => {
    expect(heatLevel(count, highest)).toBe(level);
  });
});

describe("bands", () => {
  it.each([
    [{ from_ms: 0, to_ms: 1 }, "under 1 ms", null],
    [{ from_ms: 20, to_ms: 50 }, "20 – 50 ms", null],
    [{ from_ms: 500, to_ms: 1_000 }, "500 ms – 1 s", null],
    [{ from_ms: 1_000, to_ms: 2_000 }, "1 – 2 s", "1 s"],
    [{ from_ms: 60_000, to_ms: null }, "60 s and more", null],
    [{ from_ms: 100, to_ms: 200 }, "100 – 200 ms", "100 ms"],
  ])("%o in words", (band, words, label) => {
    expect([bandWords(band), bandLabel(band)]).toEqual([words, label]);
  });
});
