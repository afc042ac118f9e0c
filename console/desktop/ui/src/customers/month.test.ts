import type { MoneyView } from "@suiftly/ui/api/admin";
import { describe, expect, test } from "vitest";
import { monthFigures, paceSince } from "./month";

const MONEY: MoneyView = {
  state: "active",
  balance_micro_usd: 412_380_000,
  accrued_micro_usd: 3_000_000,
  credits_micro_usd: 0,
  max_monthly_micro_usd: 1_500_000_000,
  charged_in_all_micro_usd: 0,
  rated_in_all_micro_usd: 0,
  charge_failures: 0,
  charge_not_before: null,
  months: [
    {
      month: "2026-11",
      fixed_micro_usd: 50_000_000,
      rated_micro_usd: 100_000_000,
      charged_micro_usd: 147_000_000,
      in_flight_micro_usd: 0,
      credits_micro_usd: 0,
      payable_micro_usd: null,
    },
  ],
};

const at = (text: string) => Date.parse(text);
// 23.5 hours at $2 each.
const PACE = {
  recentMicroUsd: 47_000_000,
  since: at("2026-11-29T00:00:00Z"),
  now: at("2026-11-29T23:30:00Z"),
};

describe("the month", () => {
  test("the pace is of 24 hours, the running one among them", () => {
    expect(paceSince(at("2026-11-29T23:30:00Z"))).toBe(at("2026-11-29T00:00:00Z"));
  });

  test("what is rated since counts as used and as accrued", () => {
    const figures = monthFigures(MONEY, "2026-11", 100_500_000, null);
    expect(figures.used).toBe(150_500_000);
    expect(figures.accrued).toBe(3_500_000);
    expect(figures.forecast).toBeNull();
    expect(figures.escrow).toBeNull();
  });

  test("a credit pays before the balance: what is owed is told without it", () => {
    const money = { ...MONEY, accrued_micro_usd: -730_000, credits_micro_usd: 1_500_000 };
    const figures = monthFigures(money, "2026-11", 100_000_000, null);
    expect([figures.owed, figures.accrued]).toEqual([770_000, -730_000]);
  });

  test("the rest of the month goes on as the last day", () => {
    // 24.5 hours are left, at $2 an hour.
    const figures = monthFigures(MONEY, "2026-11", 100_000_000, PACE);
    expect(figures.forecast).toBe(199_000_000);
    expect(figures.escrow).toEqual({ kind: "covers" });
  });

  test("a forecast stops at the limit", () => {
    const money = { ...MONEY, max_monthly_micro_usd: 160_000_000 };
    expect(monthFigures(money, "2026-11", 100_000_000, PACE).forecast).toBe(160_000_000);
    const open = { ...MONEY, max_monthly_micro_usd: null };
    expect(monthFigures(open, "2026-11", 100_000_000, PACE).limit).toBeNull();
  });

  test.each([
    // Ten hours are covered, 14.5 are not.
    [23_000_000, "2026-11-30T09:30:00Z", 29_000_000],
    [3_000_000, "2026-11-29T23:30:00Z", 49_000_000],
  ])("an escrow of %i micro-dollars is short", (balance_micro_usd, until, shortMicroUsd) => {
    const money = { ...MONEY, balance_micro_usd };
    const { escrow } = monthFigures(money, "2026-11", 100_000_000, PACE);
    expect(escrow).toEqual({ kind: "short", at: at(until), shortMicroUsd });
  });

  test("a month without rows has used nothing", () => {
    expect(monthFigures(MONEY, "2026-12", 0, null)).toMatchObject({ used: 0, drawn: 0 });
  });
});
