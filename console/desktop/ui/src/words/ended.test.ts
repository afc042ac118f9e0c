import { describe, expect, it } from "vitest";
import { END_PHASES, ENDERS, endedNormally, endedWords } from "./ended";

describe("endedWords", () => {
  it.each([
    ["--", null],
    ["----", null],
    ["", null],
    ["sH", "the server did not answer in time"],
    ["sHNI", "the server did not answer in time"],
    ["SC", "the server refused the connection"],
    ["PR", "a rule of the proxy refused it"],
    ["CD", "the client left while data went through"],
    ["cQ", "the client’s timer ran out in the queue"],
    ["DD", "the server was marked down while data went through"],
    ["RC", "a resource of the proxy ran out while connecting to the server"],
    ["K-", "an operator ended it"],
    ["-H", "it ended while we waited for its headers"],
    ["X?", null],
  ])("%s", (state, words) => {
    expect(endedWords(state)).toBe(words);
  });

  it("has words for each ender in each phase", () => {
    const states = ENDERS.flatMap((ender) => END_PHASES.map(({ code }) => ender.code + code));
    expect(states.filter((state) => endedWords(state) === null)).toEqual([]);
    expect(states.filter(endedNormally)).toEqual([]);
  });
});
