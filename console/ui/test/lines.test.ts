// Geometry of the charts of lines, columns and peaks.
import { describe, expect, test } from "vitest";
import { CLASSES, NO_COUNTS, type Point } from "../src";
import { columns, GUTTER, smallLanes, spread } from "../src/chart/layout";
import { areaPath, heightOf, linePath, linePlaces, runs } from "../src/chart/lines";
import { peakParts } from "../src/chart/peaks";
import { dayWordOf, pointName, rangeWords, spanName, stepWord } from "../src/chart/point";
import { marksOf } from "../src/chart/stack";
import { tickLabel, tickStep } from "../src/chart/ticks";
import { served } from "./samples";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = (text: string) => Date.parse(text);

function points(first: string, step: number, count: number, truth: Point["truth"]): Point[] {
  return Array.from({ length: count }, (_, i) => ({
    start: at(first) + i * step,
    end: at(first) + (i + 1) * step,
    counts: served(i),
    truth: i === count - 1 ? truth : "final",
  }));
}

describe("columns", () => {
  test.each([1, 7, 24, 60, 96, 720])("%s of them keep their places at any width", (count) => {
    for (const width of [280, 358, 940]) {
      const grid = columns(width, count);
      expect(grid.left(0)).toBeGreaterThanOrEqual(GUTTER);
      expect(grid.left(count - 1) + grid.width).toBeLessThanOrEqual(width - 2);
      for (const index of [0, Math.floor(count / 2), count - 1]) {
        expect(grid.at(grid.center(index))).toBe(index);
      }
    }
  });

  test("a small chart has one lane, as high as it was asked for", () => {
    const boxes = smallLanes(140);
    expect(boxes.errors).toBeNull();
    expect(boxes.main.top + boxes.main.height).toBe(boxes.bottom);
    expect(boxes.height).toBe(140);
  });

  test("all columns of a class are one path", () => {
    const placed = points("2026-11-19T00:00:00Z", HOUR, 720, "final").map((point, index) => ({
      index,
      point: { ...point, counts: { ...point.counts, rejected: 40, other: 1 } },
    }));
    const keys = CLASSES.map(({ key }) => key);
    const lane = { top: 0, height: 200, floor: 0 };
    const marks = marksOf(placed, keys, 800, lane, columns(980, 720));
    expect(Object.keys(marks.bodies).sort()).toEqual(["guaranteed", "other", "rejected"]);
    expect(Object.keys(marks.caps).sort()).toEqual(["guaranteed", "rejected"]);
    expect(marks.bodies.rejected?.match(/M/g)).toHaveLength(720);
  });
});

describe("lines", () => {
  const x = (index: number) => index * 10;
  const y = heightOf({ top: 0, height: 100, floor: 0 }, 10);

  test.each([
    ["unbroken", [0, 5, 10], "M0 100L10 50L20 0"],
    ["with a gap", [0, null, 10, 5], "M0 100h0M20 0L30 50"],
    ["one alone at the end", [null, null, 5], "M20 50h0"],
    ["nothing known", [null, null], ""],
  ])("%s", (_, values, path) => expect(linePath(values, x, y)).toBe(path));

  test("what is shaded ends where either line does", () => {
    expect(areaPath([5, 5, null, 5, 5], [0, 0, 0, null, 0], x, y)).toBe(
      "M0 50L10 50L10 100L0 100ZM40 50L40 100Z",
    );
  });

  test("runs", () => {
    const holds = [true, true, false, true];
    expect(runs(4, (index) => holds[index] ?? false)).toEqual([
      { from: 0, to: 1 },
      { from: 3, to: 3 },
    ]);
  });

  test("the nearest point is under the pointer", () => {
    const places = linePlaces(11, 140);
    expect(places.x(0)).toBe(GUTTER);
    expect(places.x(10)).toBe(140);
    expect([places.at(44), places.at(46), places.at(140), places.at(10), places.at(160)]).toEqual([
      0,
      1,
      10,
      null,
      null,
    ]);
  });

  test.each([
    [
      [10, 50, 90],
      [10, 50, 90],
    ],
    [
      [50, 50, 50],
      [50, 63, 76],
    ],
    [
      [55, 50, 10],
      [63, 50, 10],
    ],
    // The foot pushes them up.
    [
      [95, 98, 99],
      [74, 87, 100],
    ],
  ])("labels at %j stand at %j", (wanted, places) => expect(spread(wanted, 100)).toEqual(places));
});

test.each([
  [800, 1000, 2000, [800, 0, 0]],
  [1400, 1000, 2000, [1000, 400, 0]],
  [2140, 1000, 2000, [1000, 1000, 140]],
  [700, 500, null, [500, 0, 200]],
])("a busiest second of %s under %s and %s", (perSecond, guaranteed, burstTo, parts) =>
  expect(Object.values(peakParts(perSecond, guaranteed, burstTo))).toEqual(parts),
);

describe("times of a chart", () => {
  test.each([
    [943 / HOUR, 15 * MINUTE],
    [318 / HOUR, 30 * MINUTE],
    [943 / DAY, 3 * HOUR],
    [318 / DAY, 12 * HOUR],
    [943 / (7 * DAY), DAY],
    [943 / (30 * DAY), 3 * DAY],
    [318 / (30 * DAY), 14 * DAY],
  ])("%s pixels a ms are labelled each %s ms", (scale, step) => expect(tickStep(scale)).toBe(step));

  test("midnight has its date", () => {
    expect(tickLabel(at("2026-11-19T00:00:00Z"))).toBe("19 Nov");
    expect(tickLabel(at("2026-11-19T03:30:00Z"))).toBe("03:30");
  });

  test.each([
    [MINUTE, "minute"],
    [15 * MINUTE, "15 minutes"],
    [HOUR, "hour"],
    [DAY, "day"],
  ])("a step of %s ms is a %s", (ms, word) => expect(stepWord(ms)).toBe(word));

  test.each([
    [points("2026-11-19T14:00:00Z", MINUTE, 60, "filling"), "the last 60 minutes"],
    [points("2026-11-18T15:00:00Z", HOUR, 24, "filling"), "the last 24 hours"],
    [points("2026-11-13T00:00:00Z", HOUR, 168, "filling"), "the last 7 days"],
    [points("2026-11-01T00:00:00Z", DAY, 7, "final"), "1 Nov to 7 Nov"],
    [points("2026-11-01T00:00:00Z", HOUR, 24, "final"), "1 Nov 00:00 to 2 Nov 00:00"],
  ])("a range in words", (range, words) => expect(rangeWords(range)).toBe(words));

  test.each([
    [points("2026-11-19T14:00:00Z", MINUTE, 60, "final"), "none", "14:00 – 14:01"],
    [points("2026-11-18T15:00:00Z", HOUR, 24, "final"), "weekday", "Wed 15:00 – 16:00"],
    [points("2026-10-20T00:00:00Z", HOUR, 720, "final"), "date", "20 Oct 00:00 – 01:00"],
    [points("2026-10-20T00:00:00Z", DAY, 30, "final"), "date", "Tue 20 Oct"],
  ] as const)("a column's name says the day where it has to", (range, day, name) => {
    const [first = { start: 0, end: 0, counts: NO_COUNTS, truth: "final" }] = range;
    expect(dayWordOf(range)).toBe(day);
    expect(spanName(first, day)).toBe(name);
    expect(name.startsWith(pointName(first, day))).toBe(true);
  });
});
