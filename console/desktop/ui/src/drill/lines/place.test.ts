import { expect, test } from "vitest";
import { drillSearch } from "../../app/search";
import { chosenPlace, lineSearch, placeText } from "./place";
import { aRecord } from "./sample";

test("two journals’ lines at one place are two lines", () => {
  const [alone, first, second] = [aRecord(), aRecord({ journal: 1 }), aRecord({ journal: 2 })];
  expect([alone, first, second].map(placeText)).toEqual(["9842000", "1/9842000", "2/9842000"]);
});

test.each([
  ["of a process alone", aRecord()],
  ["of a cluster", aRecord({ journal: 2 })],
])("an address names a line, %s", (_, line) => {
  const search = lineSearch(line);
  expect(chosenPlace(search)).toBe(placeText(line));
  expect(drillSearch(search)).toEqual(search);
});

test("an address without a line names none", () => {
  expect(chosenPlace({})).toBeNull();
  expect(chosenPlace({ journal: 2 })).toBeNull();
});
