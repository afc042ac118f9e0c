import { describe, expect, it } from "vitest";
import { monthEnd, monthOfYear, monthsBack } from "./months";

describe("months", () => {
  it("count back over the turn of a year", () => {
    expect(monthsBack(Date.parse("2026-02-28T23:59:59Z"), 4)).toEqual([
      "2026-02",
      "2026-01",
      "2025-12",
      "2025-11",
    ]);
  });
  it.each([
    ["2026-11", "2026-12-01T00:00:00.000Z", "November 2026"],
    ["2026-12", "2027-01-01T00:00:00.000Z", "December 2026"],
  ])("%s ends at %s", (month, end, words) => {
    expect(new Date(monthEnd(month)).toISOString()).toBe(end);
    expect(monthOfYear(month)).toBe(words);
  });
});
