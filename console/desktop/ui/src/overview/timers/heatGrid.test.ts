import { describe, expect, it } from "vitest";
import type { Heat } from "./heat";
import { AXIS, cellAt, GUTTER, gridOf, levelPaths, moved } from "./heatGrid";

const HEAT: Heat = {
  bands: [
    { from_ms: 10, to_ms: 20 },
    { from_ms: 1, to_ms: 10 },
    { from_ms: 0, to_ms: 1 },
  ],
  columns: [
    { start: 0, counts: [0, 10, 100], total: 110, isFilling: false },
    { start: 60_000, counts: [1, 9, 2], total: 12, isFilling: true },
    { start: 120_000, counts: null, total: 0, isFilling: false },
  ],
  highest: 100,
};

const GRID = gridOf(HEAT, GUTTER + 30, AXIS + 60);

describe("the heat map's cells", () => {
  it("share the room that labels leave", () => {
    expect(GRID).toEqual({ cellWidth: 10, cellHeight: 20, bottom: 60 });
  });

  it.each([
    [GUTTER, 0, { column: 0, row: 0 }],
    [GUTTER + 29.9, 59.9, { column: 2, row: 2 }],
    [GUTTER - 1, 5, null],
    [GUTTER + 5, 60, null],
  ])("at %d, %d", (x, y, cell) => {
    expect(cellAt(x, y, HEAT, GRID)).toEqual(cell);
  });

  it("are drawn by level; what is not known is not drawn", () => {
    const paths = levelPaths(HEAT, GRID);
    expect(paths).toHaveLength(7);
    expect(paths.map((path) => path.split("M").length - 1).reduce((a, b) => a + b)).toBe(6);
    expect(paths[0]?.startsWith(`M${GUTTER}.00 0.00`)).toBe(true);
    expect(paths[6]).toContain("M42.00 40.00");
  });
});

describe("moved", () => {
  const at = { column: 0, row: 1 };
  it.each([
    [null, "ArrowLeft", { column: 1, row: 1 }],
    [at, "ArrowRight", { column: 1, row: 1 }],
    [at, "ArrowLeft", at],
    [at, "ArrowUp", { column: 0, row: 0 }],
    [{ column: 0, row: 2 }, "ArrowDown", { column: 0, row: 2 }],
    [at, "Escape", null],
    [null, "Escape", undefined],
    [at, "x", undefined],
  ])("%o by %s", (from, key, to) => {
    expect(moved(from, key, HEAT)).toEqual(to);
  });
});
