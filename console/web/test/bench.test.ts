import { expect, test } from "vitest";
import { quantile, quantiles, row, table } from "../bench/rows";

test.each([
  [[3], 0.5, 3],
  [[3, 1], 0.5, 2],
  [[9, 1, 5], 0.5, 5],
  [[9, 1, 5], 0.99, 9],
  [Array.from({ length: 200 }, (_, at) => at + 1), 0.99, 198],
])("%j has at %d %d", (runs, share, value) => {
  expect(quantile(runs, share)).toBe(value);
});

test("a table shows the spread", () => {
  const shown = table([row("load", [2, 1, 3]), ...quantiles("request", [5, 4])]);
  expect(shown.split("\n")[1]).toMatch(/^load +dashboard +2\.000 +ms +1\.000 – 3\.000 +3$/);
  expect(shown).toMatch(/request, p99 +dashboard +5\.000/);
  expect(() => row("nothing", [])).toThrow();
});
