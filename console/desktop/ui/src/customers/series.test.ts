import { type Counts, NO_COUNTS } from "@suiftly/ui";
import type { InfraPoint, InfraSeries, Series } from "@suiftly/ui/api/admin";
import { describe, expect, test } from "vitest";
import { rateNow, times95, trafficPoints } from "./series";

const times = (p95: number) => ({ min: 1, p50: 2, p95, p99: 90, max: 100 });

function point(start: string, requests: number, p95?: number): Series["points"][number] {
  const counts: Counts = { ...NO_COUNTS, requests, guaranteed: requests };
  const time_ms = p95 === undefined ? null : times(p95);
  return { start, partial: false, counts, rated_micro_usd: null, time_ms };
}

function series(points: Series["points"], change: Partial<Series> = {}): Series {
  return {
    epoch: 1,
    complete_to: "2026-11-22T14:32:00Z",
    from: "2026-11-21T14:45:00Z",
    to: "2026-11-22T14:45:00Z",
    bucket: "five_minutes",
    counts: NO_COUNTS,
    rated_micro_usd: null,
    time_ms: null,
    points,
    ...change,
  };
}

describe("traffic of 24 hours", () => {
  const points = trafficPoints(
    series([
      point("2026-11-22T14:05:00Z", 7),
      point("2026-11-22T14:10:00Z", 8),
      point("2026-11-22T14:15:00Z", 4),
      point("2026-11-22T14:30:00Z", 2),
    ]),
  );

  test("are columns of a quarter of an hour, empty ones too", () => {
    expect(points).toHaveLength(96);
    expect(points.slice(-3).map(({ counts }) => counts.requests)).toEqual([15, 4, 2]);
    expect(points[0]?.counts.requests).toBe(0);
  });

  test("the last one fills", () => {
    expect(points.slice(-2).map(({ truth }) => truth)).toEqual(["final", "filling"]);
  });

  test("before what is kept nothing is known", () => {
    const kept = trafficPoints(series([], { from: "2026-11-22T14:00:00Z" }));
    expect(kept[0]?.truth).toBe("unknown");
    expect(kept.at(-3)?.truth).toBe("final");
  });
});

describe("the rate of now", () => {
  test("is of the running five minutes and those before", () => {
    const points = [
      point("2026-11-22T14:20:00Z", 9_000),
      point("2026-11-22T14:25:00Z", 400),
      point("2026-11-22T14:30:00Z", 20),
    ];
    expect(rateNow(series(points))).toBe(1);
  });

  test("is nothing before there is time", () => {
    expect(rateNow(series([], { from: "2026-11-22T14:32:00Z" }))).toBeNull();
  });
});

describe("p95", () => {
  const hour = (start: string, p95: number) => {
    const phase = { reached: 1, sum_ms: 1, time_ms: times(p95) };
    const phases = { request: phase, queue: phase, connect: phase, response: phase, total: phase };
    const group = { group: {}, requests: 1, bytes_sent: 0, phases, terminations: {} };
    return { start, partial: false, groups: [group] } as InfraPoint;
  };
  const own = series([point("2026-11-22T13:00:00Z", 3, 46), point("2026-11-22T14:00:00Z", 0)], {
    from: "2026-11-22T12:00:00Z",
    bucket: "hour",
  });

  test("is told hour by hour, beside everybody's", () => {
    const fleet = { points: [hour("2026-11-22T12:00:00Z", 44)] } as unknown as InfraSeries;
    const of = times95(own, fleet);
    expect(of.times).toHaveLength(3);
    expect(of.theirs).toEqual([null, 46, null]);
    expect(of.fleet).toEqual([44, null, null]);
  });

  test("stands without everybody's", () => {
    expect(times95(own, undefined).fleet).toEqual([null, null, null]);
  });
});
