import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatMoment,
  formatRate,
  formatShare,
  formatSpan,
  monthName,
  splitMicroUsd,
} from "../src";

test.each([
  [0, "0"],
  [999, "999"],
  [1_000, "1,000"],
  [1_234_567, "1,234,567"],
  [-1_234, "−1,234"],
  [12_345_678_901_234_567_890n, "12,345,678,901,234,567,890"],
  [null, "–"],
])("count %s", (value, text) => expect(formatCount(value)).toBe(text));

test.each([
  [1, 2, "50.00%"],
  [360_587, 361_904, "99.64%"],
  [0, 5, "0.00%"],
  [5, 5, "100.00%"],
  [999_999, 1_000_000, ">99.99%"],
  [1, 1_000_000, "<0.01%"],
  [0, 0, "–"],
])("share %s of %s", (part, whole, text) => expect(formatShare(part, whole)).toBe(text));

test.each([
  [0, "0.0"],
  [4.56, "4.6"],
  [99.96, "100"],
  [2013.4, "2,013"],
  [null, "–"],
])("rate %s", (rate, text) => expect(formatRate(rate)).toBe(text));

test.each([
  [0, "0", "B"],
  [1023, "1,023", "B"],
  [1024, "1.00", "KiB"],
  [2_587_650_000, "2.41", "GiB"],
  // Just under a MiB must not read "1,024.00 KiB".
  [1_048_575, "1.00", "MiB"],
  [9_007_199_254_740_991, "8.00", "PiB"],
])("%s bytes", (bytes, value, unit) => expect(formatBytes(bytes)).toEqual({ value, unit }));

describe("money", () => {
  test.each([
    [754_215_312, "", "754", "21", "53", "754.215312"],
    [0, "", "0", "00", "00", "0.000000"],
    [100, "", "0", "00", "01", "0.000100"],
    // What is below the digits shown is cut: the meter never runs ahead of what is owed.
    [999_999, "", "0", "99", "99", "0.999999"],
    [1_234_567_890_123, "", "1,234,567", "89", "01", "1,234,567.890123"],
    [-2_500_000, "−", "2", "50", "00", "−2.500000"],
    [
      90_071_992_547_409_910_000n,
      "",
      "90,071,992,547,409",
      "91",
      "00",
      "90,071,992,547,409.910000",
    ],
  ])("%s", (micro, sign, dollars, cents, belowCent, exact) =>
    expect(splitMicroUsd(micro)).toEqual({ sign, dollars, cents, belowCent, exact }),
  );
});

describe("time", () => {
  const moment = Date.parse("2026-11-19T14:32:07.999Z");

  test("a clock time on its day, a date before it on another", () => {
    expect(formatMoment(moment, moment + 1_000)).toBe("14:32:07");
    expect(formatMoment(moment, moment + 86_400_000)).toBe("19 Nov 14:32:07");
  });

  test.each([
    [999, "0 s"],
    [14_200, "14 s"],
    [192_000, "3 min 12 s"],
    [7_500_000, "2 h 5 min"],
  ])("a span of %s ms", (ms, text) => expect(formatSpan(ms)).toBe(text));

  test("a month by name", () => expect(monthName("2026-11")).toBe("November"));
});
