import { describe, expect, it } from "vitest";
import type { Heat } from "./heat";
import { cellWords, searchOf, summarize } from "./heatWords";
import { PHASES } from "./phases";

const START = Date.parse("2026-11-22T14:30:00Z");
const HEAT: Heat = {
  bands: [
    { from_ms: 100, to_ms: 200 },
    { from_ms: 20, to_ms: 100 },
    { from_ms: 0, to_ms: 20 },
  ],
  columns: [
    { start: START, counts: [0, 1_204, 4_396], total: 5_600, isFilling: false },
    { start: START + 60_000, counts: null, total: 0, isFilling: false },
  ],
  highest: 4_396,
};

it.each([
  [{ column: 0, row: 1 }, "14:30, 20 – 100 ms, 1,204 of 5,600 requests"],
  [{ column: 1, row: 2 }, "14:31, under 20 ms, no data yet"],
  [{ column: 9, row: 9 }, ""],
])("%o in words", (cell, words) => {
  expect(cellWords(HEAT, cell)).toBe(words);
});

describe("a cell opens", () => {
  const span = { from: "2026-11-22T14:30:00.000Z", to: "2026-11-22T14:31:00.000Z" };

  it("its minute's requests that took at least so long", () => {
    const search = { measure: "slow", time_total_min_ms: 20, ...span };
    expect(searchOf(HEAT, { column: 0, row: 1 })).toEqual(search);
  });

  it("all of them from the fastest band", () => {
    expect(searchOf(HEAT, { column: 0, row: 2 })).toEqual({ measure: "requests", ...span });
  });

  it("nothing outside of the map", () => {
    expect(searchOf(HEAT, { column: 2, row: 0 })).toBeNull();
  });
});

describe("summarize", () => {
  const phase = PHASES[3];
  if (!phase) throw new Error("no such phase");

  it("says how many there were and how long the slowest took", () => {
    expect(summarize(HEAT, phase)).toContain(
      "5,600 requests in the last hour, the slowest 20 – 100 ms.",
    );
  });

  it("says that there were none", () => {
    expect(summarize({ ...HEAT, columns: [] }, phase)).toBe(
      "No request reached Tr in the last hour.",
    );
  });
});
