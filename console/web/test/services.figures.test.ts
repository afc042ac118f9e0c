import { NO_COUNTS } from "@suiftly/ui";
import type { Peaks, Series } from "@suiftly/ui/api/customer";
import { describe, expect, test } from "vitest";
import { peakDays, peaksWords } from "../src/services/configure/peaks";
import { readStatsSearch } from "../src/services/stats/search";
import { charted, scaled } from "../src/services/stats/series";

const DAY = { day: "2026-11-22", requests: 9, hours_above_guaranteed: 0, burst: 1, rejected: 2 };
const peak = (per_second: number) => ({ start: "2026-11-22T10:00:00Z", requests: 9, per_second });

describe("peaks", () => {
  test.each([
    ["by the minute", { ...DAY, busiest_minute: peak(12.6), busiest_hour: peak(3) }, 13],
    ["by the hour", { ...DAY, busiest_minute: null, busiest_hour: peak(3.2) }, 3],
    ["nothing came", { ...DAY, requests: 0, busiest_minute: null, busiest_hour: null }, 0],
    ["not known", { ...DAY, busiest_minute: null, busiest_hour: null }, null],
  ])("%s", (_, day, perSecond) =>
    expect(peakDays({ days: [day] } as Peaks)).toEqual([
      { start: Date.parse("2026-11-22"), perSecond, burst: 1, rejected: 2 },
    ]),
  );

  test("in words", () => {
    const some = { hours: 720, hours_above_guaranteed: 41, burst: 9318, rejected: 7 } as Peaks;
    expect(peaksWords(some)).toMatch(
      /^In 41 of 720 hours some requests were burst or rejected: burst carried 9,318, and 7 were rejected\./,
    );
    expect(peaksWords({ ...some, hours_above_guaranteed: 0 })).toMatch(/nothing was burst/);
  });
});

describe("stats", () => {
  test.each([
    [[0, 512], "B", [0, 512]],
    [[1024, 512], "KiB", [1, 0.5]],
    [[3 * 1024 ** 3], "GiB", [3]],
    [[], "B", []],
  ])("%j in %s", (bytes, unit, values) => expect(scaled(bytes)).toEqual({ values, unit }));

  test("lines end before the bucket that still fills", () => {
    const time_ms = { min: 1, p50: 2, p95: 3, p99: 4, max: 5 };
    const point = { start: "2026-11-22T10:00:00Z", counts: NO_COUNTS, partial: false, time_ms };
    const series = charted({
      bucket: "hour",
      from: "2026-11-22T10:00:00Z",
      to: "2026-11-22T13:00:00Z",
      complete_to: "2026-11-22T12:30:00Z",
      counts: NO_COUNTS,
      points: [point],
    } as unknown as Series);
    expect(series.points).toHaveLength(3);
    expect(series.p95).toEqual([3, null]);
    expect(series.bytes).toEqual([0, 0]);
    expect(series.live).toBe(true);
  });

  test.each([
    [{ range: "7d" }, { range: "7d" }],
    [{ range: "1y" }, {}],
    [{}, {}],
  ])("reads %j", (search, read) => expect(readStatsSearch(search)).toEqual(read));
});
