import { describe, expect, test } from "vitest";
import type { MonthFigures } from "./month";
import { reasons } from "./reasons";

const FIGURES: MonthFigures = {
  used: 754_220_000,
  forecast: null,
  limit: 1_500_000_000,
  drawn: 751_020_000,
  accrued: 3_200_000,
  owed: 3_200_000,
  inFlight: 0,
  credits: 0,
  balance: 412_380_000,
  escrow: null,
};

describe("may spend because", () => {
  test("the one that holds says since when, the others how far away they are", () => {
    const of = reasons("active", FIGURES, "since 28 Jul");
    expect(of.map(({ holds }) => holds)).toEqual([true, false, false, false, false]);
    expect(of.map(({ away }) => away)).toEqual([
      "since 28 Jul",
      "$745.78 away",
      "$409.18 away",
      "by an operator",
      "",
    ]);
  });

  test.each([
    [{ limit: null }, "monthly_limit", "no limit"],
    [{ limit: 754_220_000 }, "monthly_limit", "reached"],
    [{ balance: 3_200_000 }, "insufficient_balance", "reached"],
  ])("%j", (change, state, away) => {
    const reason = reasons("active", { ...FIGURES, ...change }, null).find(
      (one) => one.state === state,
    );
    expect(reason?.away).toBe(away);
  });

  test("a state that is not known yet holds nowhere", () => {
    expect(reasons(null, FIGURES, null).some(({ holds }) => holds)).toBe(false);
  });
});
