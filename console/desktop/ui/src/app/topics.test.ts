import { describe, expect, it } from "vitest";
import { changed, keyOf, untold } from "./topics";

describe("topics that changed", () => {
  it.each([
    ["those of another revision", { fleet: 1, vault: 7 }, { fleet: 2, vault: 7 }, ["fleet"]],
    ["not those that were not told of before", {}, { fleet: 2 }, []],
    ["those first counted", { fleet: null }, { fleet: 2 }, ["fleet"]],
    ["not those that cannot be told of any more", { fleet: 2 }, { fleet: null }, []],
    ["not those that went from what is told", { fleet: 2, vault: 7 }, { vault: 7 }, []],
    ["all of several", { fleet: 1, vault: 7 }, { fleet: 2, vault: 6 }, ["fleet", "vault"]],
  ])("are %s", (_, before, after, topics) => {
    expect(changed(before, after)).toEqual(topics);
  });
});

describe("a topic that the server does not tell of", () => {
  const told = { fleet: 3, jobs: null };
  it.each([
    ["is none of a known revision", "fleet", false],
    ["is one whose revision is not known", "jobs", true],
    ["is one that is not among them", "activity", true],
    ["is not the traffic, which has a time of its own", "traffic", false],
    ["is not the past, which stays as it is", "past", false],
  ])("%s", (_, topic, expected) => {
    expect(untold(topic, told)).toBe(expected);
  });
});

it("stands first in a query's key", () => {
  expect(keyOf("customers", "name", 7)).toEqual(["customers", "name", 7]);
});
