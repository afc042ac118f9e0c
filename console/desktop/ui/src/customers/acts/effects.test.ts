import { describe, expect, test } from "vitest";
import {
  activateEffect,
  creditEffect,
  creditProblem,
  limitEffect,
  limitProblem,
  type MoneyNow,
  suspendEffect,
} from "./effects";

const NOW: MoneyNow = {
  used: 754_210_000,
  forecast: 1_188_000_000,
  limit: 1_500_000_000,
  credits: 0,
  accrued: 3_190_000,
  balance: 412_380_000,
  state: "active",
  first: "1 December",
};

describe("a limit", () => {
  test.each([
    [200_000, "$1,245.79 is left. At $2,000.00 their keys are refused until 1 December", false],
    [100_000, "comes to $1,188.00: they would be refused before 1 December", false],
    [75_421, "Their keys are refused within a second, until 1 December", true],
    [null, "as long as their escrow lasts", false],
  ])("of %s cents", (cents, words, stops) => {
    const effect = limitEffect(NOW, cents);
    expect(effect.words).toContain(words);
    expect(effect.stops).toBe(stops);
  });

  test("one that is raised brings them back", () => {
    const at = { ...NOW, state: "monthly_limit", limit: 700_000_000 };
    expect(limitEffect(at, 200_000).words).toContain("served again within a second");
  });

  test.each([
    [999, "At least $10.00."],
    [150_000, "This is the limit already."],
    [10_000_000_001, "At most $100,000,000.00."],
    [1_000, null],
    [null, null],
  ])("%s is told before it is asked for", (cents, problem) => {
    expect(limitProblem(cents, NOW.limit)).toBe(problem);
  });
});

describe("a credit", () => {
  test("says what the balances will be", () => {
    expect(creditEffect(NOW, 2_500)).toBe(
      "Credits go from $0.00 to $25.00. $3.19 of what is accrued is covered by it. It is used before their escrow of $412.38 is drawn, and cannot be taken back.",
    );
    expect(creditEffect({ ...NOW, accrued: 0 }, 2_500)).not.toContain("covered");
  });

  test.each([
    [0, "More than nothing."],
    [100_000_001, "At most $1,000,000.00."],
    [1, null],
    [null, null],
  ])("of %s cents", (cents, problem) => {
    expect(creditProblem(cents)).toBe(problem);
  });
});

test("a suspension names what it cuts off", () => {
  expect(suspendEffect(0)).toContain("no key in use");
  expect(suspendEffect(1)).toContain("Their one key is refused");
  expect(suspendEffect(3)).toContain("All 3 of their keys are refused");
});

test("taken back, the limit and the balance still decide", () => {
  expect(activateEffect(NOW)).toEqual({
    words: "Their keys are served again within a second.",
    stops: false,
  });
  expect(activateEffect({ ...NOW, used: 1_500_000_000 }).words).toContain("limit is reached");
  expect(activateEffect({ ...NOW, accrued: 412_380_000 }).words).toContain("balance is short");
});
