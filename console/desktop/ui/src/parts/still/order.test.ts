import { expect, it } from "vitest";
import { inOrderOf } from "./order";

it.each([
  ["keeps their places", "cab", "abc", "abc"],
  ["has those that come at the end", "xcab", "abc", "abcx"],
  ["closes up behind those that left", "ca", "abc", "ac"],
  ["takes them as they come at first", "cab", "", "cab"],
])("%s", (_, items, order, expected) => {
  expect(inOrderOf([...items], (item) => item, [...order]).join("")).toBe(expected);
});
