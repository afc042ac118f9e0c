import { describe, expect, test } from "vitest";
import { aligned, before, recordsSpan, spanBucket, spanOf, windowOf } from "./window";

const at = (text: string) => Date.parse(`2026-11-22T${text}Z`);
const NOW = at("14:32:08");
const HOUR = 3_600_000;

describe("windowOf", () => {
  test.each([
    ["1h", "13:33:00", "14:33:00", "minute"],
    ["6h", "08:35:00", "14:35:00", "five_minutes"],
  ] as const)("%s up to now", (range, from, to, bucket) => {
    const window = windowOf(range, null, NOW);
    expect(window).toMatchObject({ from: at(from), to: at(to), bucket, live: true });
  });

  test("a span inside of it changes nothing", () => {
    const span = { from: at("14:00:00"), to: at("14:10:00") };
    expect(windowOf("1h", span, NOW)).toEqual(windowOf("1h", null, NOW));
  });

  test("an earlier span has its own time about it", () => {
    const span = { from: at("10:00:00"), to: at("10:10:00") };
    const window = windowOf("1h", span, NOW);
    expect(window).toMatchObject({ from: at("09:35:00"), to: at("10:35:00"), live: false });
    expect(window.bucket).toBe("minute");
  });

  test("beyond a day hours are kept", () => {
    const span = { from: NOW - 72 * HOUR, to: NOW - 71 * HOUR };
    const window = windowOf("1h", span, NOW);
    expect(window.bucket).toBe("hour");
    expect(window.from).toBeLessThan(span.from);
    expect(window.to).toBeGreaterThan(span.to);
    expect((window.to - window.from) / window.step).toBeGreaterThanOrEqual(24);
  });

  test("a long span is inside of its window whole", () => {
    const span = { from: at("11:00:00"), to: at("14:30:00") };
    const window = windowOf("1h", span, NOW);
    expect(window.from).toBeLessThanOrEqual(span.from);
    expect(window.to).toBeGreaterThanOrEqual(span.to);
    expect(window.to - NOW).toBeLessThanOrEqual(window.step);
  });
});

describe("spanOf", () => {
  test.each([
    [undefined, undefined],
    ["2026-11-22T14:00:00Z", undefined],
    ["2026-11-22T14:00:00Z", "2026-11-22T14:00:00Z"],
    ["yesterday", "2026-11-22T14:00:00Z"],
  ])("%s to %s is none", (from, to) => {
    expect(spanOf(from, to)).toBeNull();
  });
});

describe("recordsSpan", () => {
  test("an hour is whole, more is cut to its end, and said", () => {
    const hour = { from: NOW - HOUR, to: NOW };
    expect(recordsSpan(hour, NOW)).toEqual({ ...hour, cut: null });
    const long = recordsSpan({ from: NOW - 2 * HOUR, to: NOW }, NOW);
    expect(long).toMatchObject(hour);
    expect(long?.cut).toContain("last hour");
  });

  test("older than two days there are none", () => {
    expect(recordsSpan({ from: NOW - 50 * HOUR, to: NOW - 49 * HOUR }, NOW)).toBeNull();
  });
});

test("views are asked for on whole buckets, the time before as long", () => {
  const span = aligned({ from: at("14:00:30"), to: at("14:01:10") }, 60_000);
  expect(span).toEqual({ from: at("14:00:00"), to: at("14:02:00") });
  expect(before(span)).toEqual({ from: at("13:58:00"), to: at("14:00:00") });
  expect(aligned({ from: at("14:00:00"), to: at("14:00:00") }, 60_000).to).toBe(at("14:01:00"));
  expect(spanBucket({ from: NOW - 30 * HOUR, to: NOW }, NOW).bucket).toBe("hour");
  expect(spanBucket({ from: NOW - HOUR, to: NOW }, NOW).bucket).toBe("minute");
});
