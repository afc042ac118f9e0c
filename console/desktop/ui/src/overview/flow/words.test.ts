import { expect, it } from "vitest";
import { millisWords, rateWords } from "./words";

it.each([
  [600, 300, "2.0"],
  [3, 300, "<0.1"],
  [0, 300, "0.0"],
  [60_000, 300, "200"],
  [5, 0, "–"],
])("%d requests in %d s", (requests, seconds, words) => {
  expect(rateWords(requests, seconds)).toBe(words);
});

it.each([
  [null, "–"],
  [0, "0 ms"],
  [412, "412 ms"],
  [30_000, "30.00 s"],
])("%s ms", (ms, words) => {
  expect(millisWords(ms)).toBe(words);
});
