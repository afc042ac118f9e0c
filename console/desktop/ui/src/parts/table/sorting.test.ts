import { describe, expect, it } from "vitest";
import type { Column } from "./column";
import { nextSorting, sortRows } from "./sorting";

interface Row {
  readonly name: string;
  readonly count: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { key: "name", head: "Name", cell: ({ name }) => name },
  { key: "count", head: "Count", cell: ({ count }) => count, by: ({ count }) => count },
];
const ROWS: readonly Row[] = [
  { name: "a", count: 9 },
  { name: "b", count: 10 },
  { name: "c", count: 9 },
];

describe("rows", () => {
  it.each([
    ["down, equals as they came", { key: "count", down: true }, "bac"],
    ["up, equals as they came", { key: "count", down: false }, "acb"],
    ["not by a column that sorts nothing", { key: "name", down: true }, "abc"],
    ["not by a column that is gone", { key: "gone", down: true }, "abc"],
    ["as they came", null, "abc"],
  ])("are sorted %s", (_, sorting, order) => {
    const sorted = sortRows(ROWS, COLUMNS, sorting);
    expect(sorted.map(({ name }) => name).join("")).toBe(order);
  });
});

describe("a column's head", () => {
  it("goes down, up, and back to as rows came", () => {
    const first = nextSorting("count", null);
    const second = nextSorting("count", first);
    expect([first, second, nextSorting("count", second)]).toEqual([
      { key: "count", down: true },
      { key: "count", down: false },
      null,
    ]);
  });
});
