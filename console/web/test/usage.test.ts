import { NO_COUNTS, type Point } from "@suiftly/ui";
import type { PeakDay, Series, UsagePoint } from "@suiftly/ui/api/customer";
import { describe, expect, test } from "vitest";
import { busiest } from "../src/usage/busiest";
import { bytesOver } from "../src/usage/bytes";
import { opensOf } from "../src/usage/opens";
import {
  countsByStart,
  measured,
  sinceFirst,
  sumPoints,
  usagePoints,
  usageRows,
} from "../src/usage/points";
import { exportHref } from "../src/usage/queries";
import { readUsageSearch, type UsageSearch } from "../src/usage/search";
import { instant, spanBefore, spanOf } from "../src/usage/span";
import { changeOf, rangeWords } from "../src/usage/words";

const at = (text: string) => Date.parse(`2026-11-${text}Z`);
const NOW = at("19T14:32:07");
const MINUTE = 60_000;

function served(requests: number) {
  return { ...NO_COUNTS, requests, guaranteed: requests, billable_requests: requests };
}

function point(start: string, requests: number, more: Partial<UsagePoint> = {}): UsagePoint {
  const counts = served(requests);
  return { start: instant(at(start)), partial: false, counts, rated_micro_usd: requests, ...more };
}

function series(points: UsagePoint[], more: Partial<Series> = {}): Series {
  return {
    epoch: 1,
    complete_to: instant(NOW),
    from: "2026-11-18T15:00:00Z",
    to: "2026-11-19T15:00:00Z",
    bucket: "hour",
    counts: NO_COUNTS,
    rated_micro_usd: 0,
    points,
    ...more,
  };
}

test.each([
  [{}, {}],
  [{ range: "7d", service: "seal", network: "testnet" }, "same"],
  [{ range: "24h" }, {}],
  [{ range: "custom", from: "2026-11-01", to: "2026-11-07" }, "same"],
  [{ range: "1y", service: "mail", network: 7, from: "2026-13-01", hour: "noon" }, {}],
  [{ hour: "2026-11-19T14" }, "same"],
])("of the address %j is believed what is known", (raw, believed) =>
  expect(readUsageSearch(raw)).toEqual(believed === "same" ? raw : believed),
);

describe("a span", () => {
  test.each<[UsageSearch, string, string, string, string]>([
    [{ range: "1h" }, "19T13:35:00", "19T14:35:00", "minute", "five_minutes"],
    [{}, "18T15:00:00", "19T15:00:00", "five_minutes", "hour"],
    [{ range: "7d" }, "13T00:00:00", "20T00:00:00", "hour", "day"],
    [
      { range: "custom", from: "2026-11-18", to: "2026-11-19" },
      "18T00:00:00",
      "20T00:00:00",
      "hour",
      "hour",
    ],
    [
      { range: "custom", from: "2026-11-02", to: "2026-11-30" },
      "02T00:00:00",
      "20T00:00:00",
      "hour",
      "day",
    ],
    // Days that are not in order: the last seven.
    [
      { range: "custom", from: "2026-11-09", to: "2026-11-02" },
      "13T00:00:00",
      "20T00:00:00",
      "hour",
      "day",
    ],
  ])("of %j", (search, from, to, chart, rows) => {
    const span = spanOf(search, NOW);
    expect([span.from, span.to]).toEqual([at(from), at(to)]);
    expect([span.chart.bucket, span.rows.bucket]).toEqual([chart, rows]);
    expect(span.rows.step % span.chart.step).toBe(0);
    expect(span.from % span.rows.step).toBe(0);
  });

  test("a long one is charted by day", () => {
    const span = spanOf({ range: "custom", from: "2026-09-01", to: "2026-11-01" }, NOW);
    expect(span.chart.bucket).toBe("day");
  });

  test("is compared with as long before, of what has ended", () => {
    expect(spanBefore(spanOf({}, NOW), NOW)).toEqual({
      from: "2026-11-17T15:00:00Z",
      to: "2026-11-18T14:00:00Z",
      until: at("19T14:00:00"),
    });
    expect(spanBefore(spanOf({ range: "1h" }, NOW), NOW)).toBeNull();
  });

  test("is exported in whole hours, with its filters", () => {
    expect(exportHref(spanOf({ range: "1h" }, NOW), { service: "seal" })).toBe(
      "/api/v1/usage/export.csv?bucket=hour&from=2026-11-19T13%3A00%3A00Z&to=2026-11-19T15%3A00%3A00Z&service_type=seal",
    );
  });
});

describe("points", () => {
  const span = spanOf({}, NOW);
  const five = [point("19T13:00:00", 5), point("19T13:05:00", 7), point("19T13:15:00", 2)];
  const read = countsByStart(series(five), span.chart.step);
  const frontier = { completeTo: NOW, now: NOW + 400, minutes: null };

  test("three buckets are one column; what has none is zero; the last fills", () => {
    const points = usagePoints(span, read, span.from, frontier);
    expect(points).toHaveLength(95);
    expect(points.find(({ start }) => start === at("19T13:00:00"))?.counts.requests).toBe(12);
    expect(points.at(-1)).toMatchObject({ start: at("19T14:30:00"), truth: "filling" });
    expect(sumPoints(points).requests).toBe(14);
  });

  test("the live stream tells the columns that it knows all of", () => {
    const minutes = [
      { start: at("19T14:30:00"), counts: served(100) },
      { start: at("19T14:32:00"), counts: served(3) },
      { start: at("19T13:33:00"), counts: served(999) },
    ];
    const points = usagePoints(span, read, span.from, { ...frontier, minutes });
    expect(points.at(-1)?.counts.requests).toBe(103);
    // 13:30 began before the stream's hour: what was read stands.
    expect(points.find(({ start }) => start === at("19T13:30:00"))?.counts.requests).toBe(0);
  });

  test("what is not kept any more, and what is late, is not known", () => {
    const points = usagePoints(span, read, at("18T16:00:00"), {
      completeTo: NOW - 20 * MINUTE,
      now: NOW,
      minutes: null,
    });
    expect(points.slice(0, 5).map(({ truth }) => truth)).toEqual([
      "unknown",
      "unknown",
      "unknown",
      "unknown",
      "final",
    ]);
    expect(points.slice(-3).map(({ truth }) => truth)).toEqual(["filling", "unknown", "unknown"]);
  });
});

describe("rows", () => {
  const span = spanOf({}, NOW);
  const columns = usagePoints(
    span,
    countsByStart(
      series([point("19T13:00:00", 5), point("19T14:00:00", 8), point("19T14:30:00", 1)]),
      span.chart.step,
    ),
    span.from,
    { completeTo: NOW, now: NOW, minutes: null },
  );
  const rows = usageRows(
    span,
    [
      point("19T13:00:00", 6, { time_ms: { min: 1, p50: 2, p95: 46, p99: 90, max: 99 } }),
      point("19T14:00:00", 3, { partial: true }),
    ],
    columns,
  );

  test("newest first; one that fills is its columns' sum, the others are as read", () => {
    expect(rows).toHaveLength(24);
    expect(rows[0]).toMatchObject({ start: at("19T14:00:00"), filling: true, ratedMicroUsd: 3 });
    expect(rows[0]?.counts.requests).toBe(9);
    expect(rows[1]).toMatchObject({ filling: false, p95: 46, ratedMicroUsd: 6 });
    expect(rows[1]?.counts.requests).toBe(6);
    expect(rows[2]).toMatchObject({ p95: null, ratedMicroUsd: null });
  });

  test("the empty ones before the first request are left out", () => {
    expect(sinceFirst(rows)).toHaveLength(2);
  });

  test.each([
    ["an hour's requests", {}, "19T14:30:00", { hour: "2026-11-19T14" }],
    [
      "a day",
      { range: "7d", hour: "2026-11-19T14" },
      "17T00:00:00",
      { range: "custom", from: "2026-11-17", to: "2026-11-17" },
    ],
  ] as const)("a row opens %s", (_, search, start, opened) =>
    expect(opensOf(search, spanOf(search, NOW), at(start))).toEqual(opened),
  );
});

test("response times are unknown where there were no requests", () => {
  const time_ms = { min: 1, p50: 14, p95: 46, p99: 98, max: 120 };
  const read = series([point("19T13:00:00", 5, { time_ms })], { from: "2026-11-19T12:00:00Z" });
  const { times, p50, p99 } = measured(read, spanOf({}, NOW), 60 * MINUTE);
  expect(times.map((ms) => new Date(ms).getUTCHours())).toEqual([12, 13, 14]);
  expect([p50, p99]).toEqual([
    [null, 14, null],
    [null, 98, null],
  ]);
});

test("bytes are in one unit; what fills is left out", () => {
  const column = (bytes_sent: number, truth: Point["truth"], start = 0): Point => ({
    start,
    end: start + MINUTE,
    counts: { ...NO_COUNTS, bytes_sent },
    truth,
  });
  const columns = [
    column(1_048_576, "final"),
    column(2_621_440, "final"),
    column(0, "unknown"),
    column(9, "filling"),
  ];
  expect(bytesOver(columns)).toMatchObject({ values: [1, 2.5, null], unit: "MiB" });
});

describe("the busiest time", () => {
  const day = (text: string, minute: number | null, hour: number): PeakDay => ({
    day: `2026-11-${text}`,
    requests: hour,
    busiest_minute:
      minute === null
        ? null
        : { start: `2026-11-${text}T10:02:00Z`, requests: minute, per_second: 1 },
    busiest_hour: { start: `2026-11-${text}T10:00:00Z`, requests: hour, per_second: 1 },
    hours_above_guaranteed: 0,
    burst: 0,
    rejected: 0,
  });
  const peaks = (minutes_from: string) => ({
    epoch: 1,
    complete_to: instant(NOW),
    from: "2026-11-13T00:00:00Z",
    to: "2026-11-19T15:00:00Z",
    minutes_from,
    days: [day("17", null, 900), day("18", 70, 800), day("19", 60, 700)],
    hours: 1,
    hours_above_guaranteed: 0,
    burst: 0,
    rejected: 0,
  });

  test("is a minute where minutes are kept for all of the range, and one of the range", () => {
    const found = busiest(peaks("2026-11-18T14:00:00Z"), spanOf({}, NOW));
    expect(found).toEqual({ of: "minute", start: at("19T10:02:00"), requests: 60 });
  });

  test("else an hour", () => {
    const found = busiest(peaks("2026-11-18T14:00:00Z"), spanOf({ range: "7d" }, NOW));
    expect(found).toEqual({ of: "hour", start: at("17T10:00:00"), requests: 900 });
  });
});

test.each([
  [1082, 1000, "+8.2%"],
  [900, 1000, "−10.0%"],
  [1000, 1000, "+0.0%"],
  [5, 0, null],
])("%s after %s is a change of %s", (now, before, text) =>
  expect(changeOf(now, before)).toBe(text),
);

test("a range in words", () => {
  expect(rangeWords({})).toBe("in the last 24 hours");
  expect(rangeWords({ range: "custom", from: "2026-11-01", to: "2026-11-07" })).toBe(
    "from 1 Nov 2026 to 7 Nov 2026",
  );
});
