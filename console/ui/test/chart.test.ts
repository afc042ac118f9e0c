import { describe, expect, test } from "vitest";
import { CLASSES, NO_COUNTS } from "../src";
import { chartBars, lastMinute } from "../src/chart/bars";
import { columns, denseLanes, lanes, TIP_WIDTH, tipLeft } from "../src/chart/layout";
import { formatAxis, niceScale } from "../src/chart/scale";
import { stack } from "../src/chart/stack";
import { describePoint, summarize } from "../src/chart/summary";
import { ERROR_KEYS } from "../src/classes";
import { served } from "./samples";

const at = (time: string) => Date.parse(`2026-11-21T${time}Z`);

test.each([
  [0, 290, 182, 44],
  [290, 290, 182, 44],
  [460.7, 460, 319, 77],
])("lanes for %s px share what the axis leaves", (wanted, height, main, errors) => {
  const boxes = lanes(wanted);
  expect(boxes).toMatchObject({ height, main: { height: main }, errors: { height: errors } });
  expect((boxes.errors?.top ?? 0) + errors).toBe(boxes.bottom);
});

test.each([
  [170, 78, 52],
  [120, 48, 32],
])("dense lanes are drawn as low as asked: %s px", (height, main, errors) => {
  const boxes = denseLanes(height);
  expect(boxes).toMatchObject({ height, main: { height: main }, errors: { height: errors } });
  expect((boxes.errors?.top ?? 0) + errors).toBe(boxes.bottom);
  expect(boxes.main.top + main).toBeLessThan(boxes.errors?.top ?? 0);
});

test("the last column keeps off the line that is now", () => {
  const grid = columns(984, 60);
  expect(grid.left(59) + grid.width).toBeLessThanOrEqual(984 - 3);
});

describe("bars", () => {
  const minutes = [{ start: at("22:00:00"), counts: served(7) }];

  test("sixty minutes; the frontier's is filling, those before it are final", () => {
    const bars = chartBars(minutes, at("22:01:10"), at("22:01:00"));
    expect(bars).toHaveLength(60);
    expect(bars[0]?.start).toBe(at("21:02:00"));
    expect(bars.at(-2)).toMatchObject({ truth: "final", counts: served(7) });
    expect(bars.at(-1)).toMatchObject({ truth: "filling", counts: NO_COUNTS });
  });

  test("the right edge follows the frontier while live", () => {
    expect(lastMinute(at("22:00:59.900"), at("22:01:00.400"))).toBe(at("22:00:00"));
  });

  test("when figures fall behind, the minutes they do not know are gaps", () => {
    const completeTo = at("22:00:10");
    const bars = chartBars(minutes, completeTo, lastMinute(completeTo, at("22:02:30")));
    expect(bars.slice(-3).map(({ truth }) => truth)).toEqual(["filling", "unknown", "unknown"]);
  });
});

describe("scale", () => {
  test.each([
    [0, 4, [0, 1, 2]],
    [3, 4, [0, 1, 2, 3]],
    [9, 4, [0, 5, 10]],
    [9_012, 4, [0, 2_500, 5_000, 7_500, 10_000]],
    [121_000, 4, [0, 50_000, 100_000, 150_000]],
    [140, 2, [0, 100, 200]],
  ])("up to %s in at most %s steps", (max, steps, ticks) => {
    expect(niceScale(max, steps)).toEqual({ top: ticks.at(-1), ticks });
  });

  test("always holds its maximum, in two to four whole steps", () => {
    for (let max = 1; max < 5_000_000; max = Math.ceil(max * 1.07)) {
      const { top, ticks } = niceScale(max, 4);
      expect(top).toBeGreaterThanOrEqual(max);
      expect(ticks.length - 1).toBeGreaterThanOrEqual(2);
      expect(ticks.length - 1).toBeLessThanOrEqual(4);
      expect(ticks.every(Number.isInteger)).toBe(true);
    }
  });

  test.each([
    [500, "500"],
    [2_500, "2.5 k"],
    [1_500_000, "1.5 M"],
  ])("labels %s", (value, text) => expect(formatAxis(value)).toBe(text));
});

describe("a column", () => {
  const keys = CLASSES.map(({ key }) => key);
  const lane = { top: 10, height: 100, floor: 0 };

  test("stacks the classes in their order from the bottom", () => {
    const counts = { ...served(60), other: 10, burst: 30, requests: 100 };
    expect(stack(counts, keys, 100, lane)).toEqual([
      { key: "guaranteed", y: 50, height: 60 },
      { key: "burst", y: 20, height: 30 },
      { key: "other", y: 10, height: 10 },
    ]);
  });

  test("in the errors' lane one error is seen, however high the scale", () => {
    const counts = { ...served(1_000_000), server_error: 1, requests: 1_000_001 };
    expect(stack(counts, ERROR_KEYS, 100_000, { ...lane, floor: 1 })).toEqual([
      { key: "server_error", y: 109, height: 1 },
    ]);
    expect(stack(counts, keys, 1_000_001, lane)).toHaveLength(1);
  });
});

test("the crosshair finds the column under a point, and none outside", () => {
  const grid = columns(1000, 60);
  expect(grid.at(grid.center(0))).toBe(0);
  expect(grid.at(grid.center(59))).toBe(59);
  expect(grid.at(10)).toBeNull();
});

test("the tip stays inside the chart", () => {
  for (const width of [300, 358, 1000]) {
    for (let x = 40; x < width; x += 7) {
      expect(tipLeft(x, width)).toBeGreaterThanOrEqual(0);
      expect(tipLeft(x, width) + TIP_WIDTH).toBeLessThanOrEqual(width);
    }
  }
});

test("the chart in words", () => {
  const minutes = [
    { start: at("22:00:00"), counts: { ...served(1_200), client_error: 3 } },
    { start: at("22:01:00"), counts: served(34) },
  ];
  const bars = chartBars(minutes, at("22:01:10"), at("22:01:00"));
  expect(summarize(bars)).toBe(
    "1,234 requests in the last 60 minutes, at most 1,200 in a minute, at 22:00. " +
      "3 client errors and 0 server errors.",
  );
  expect(bars.slice(-2).map((bar) => describePoint(bar, "none"))).toEqual([
    "22:00, 1,200 requests, final",
    "22:01, still filling",
  ]);
});
