import { expect, it } from "vitest";
import { rowAfter } from "./keys";

it.each([
  ["ArrowDown", 4],
  ["ArrowUp", 2],
  ["PageDown", 13],
  ["PageUp", -7],
  ["Home", 0],
  ["End", 99],
  ["Enter", null],
])("%s leads from row 3 to %s", (key, to) => {
  expect(rowAfter(key, 3, 100, 10)).toBe(to);
});
