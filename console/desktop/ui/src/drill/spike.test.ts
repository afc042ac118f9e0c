import { describe, expect, test } from "vitest";
import { type Bar, barsOf, countsOf, endingOf, findSpike, lastBars, moveSpan } from "./spike";
import type { Window } from "./window";

const MINUTE = 60_000;

function bars(values: readonly number[], unknown = 0): readonly Bar[] {
  return values.map((value, at) => ({
    from: at * MINUTE,
    to: (at + 1) * MINUTE,
    value,
    part: null,
    truth: at >= values.length - unknown ? "unknown" : "final",
  }));
}

const repeat = (value: number, count: number) => Array<number>(count).fill(value);
const minutes = (from: number, to: number) => ({ from: from * MINUTE, to: to * MINUTE });

describe("findSpike", () => {
  test.each([
    ["one high stretch", [...repeat(2, 20), 300, 400, 350, ...repeat(2, 20)], [20, 23]],
    ["a dip inside is part of it", [...repeat(2, 20), 300, 0, 350, ...repeat(2, 20)], [20, 23]],
    ["the larger of two", [...repeat(2, 9), 50, 2, 2, 2, ...repeat(90, 3), 2, 2, 2], [13, 16]],
    ["going on at the right edge", [...repeat(1, 20), ...repeat(40, 5)], [20, 25]],
    ["more than half of the time", [...repeat(1, 10), ...repeat(200, 14)], [10, 24]],
    ["out of silence", [...repeat(0, 10), 9, ...repeat(0, 10)], [10, 11]],
  ])("%s", (_, values, [from = 0, to = 0]) => {
    expect(findSpike(bars(values))).toEqual(minutes(from, to));
  });

  test.each([
    ["nothing at all", []],
    ["silence", repeat(0, 30)],
    ["a single error", [...repeat(0, 29), 1]],
    ["what scatters as counts do", [100, 112, 91, 105, 120, 88, 97, 131, 103, 99]],
  ])("%s does not stand out", (_, values) => {
    expect(findSpike(bars(values))).toBeNull();
  });

  test("what is not known is no quiet minute", () => {
    expect(findSpike(bars([5, 5, 5, 0, 0, 0], 3))).toBeNull();
  });

  test("is of the part where one is chosen", () => {
    const whole = bars([9, 9, 9, 900, 9, 9, 9, 9]).map((bar, at) => ({
      ...bar,
      part: at === 6 ? 9 : 0,
    }));
    expect(findSpike(whole)).toEqual(minutes(6, 7));
  });
});

describe("countsOf", () => {
  const values = [...repeat(4, 10), 100, 200, ...repeat(4, 10)];
  test("the usual is as many bars beside it", () => {
    expect(countsOf(bars(values), minutes(10, 12))).toEqual({ value: 300, usual: 8 });
  });
  test("without bars beside it there is no usual", () => {
    expect(countsOf(bars(values), minutes(0, 22)).usual).toBeNull();
  });
});

describe("endingOf", () => {
  test.each([
    [
      "ended inside",
      [...repeat(0, 8), 50, 60, 0, 0, 0, 0],
      [8, 12],
      { kind: "ended", at: 10 * MINUTE },
    ],
    [
      "ended after the span",
      [...repeat(0, 8), 50, 60, 70, 0, 0, 0],
      [8, 10],
      { kind: "ended", at: 11 * MINUTE },
    ],
    ["going on", [...repeat(0, 8), 50, 60], [8, 10], { kind: "going on" }],
    [
      "another one later",
      [...repeat(0, 8), 50, 0, 0, 60, 0],
      [8, 10],
      { kind: "ended", at: 9 * MINUTE },
    ],
    ["never stood out", repeat(5, 12), [3, 6], { kind: "usual" }],
  ])("%s", (_, values, [from = 0, to = 0], ending) => {
    expect(endingOf(bars(values), minutes(from, to))).toEqual(ending);
  });

  test("what is still filling says nothing of an end", () => {
    const filling = bars([...repeat(0, 8), 50, 0]).map((bar, at) =>
      at === 9 ? { ...bar, truth: "filling" as const } : bar,
    );
    expect(endingOf(filling, minutes(8, 9))).toEqual({ kind: "going on" });
  });
});

describe("barsOf", () => {
  const window: Window = { from: 0, to: 4 * MINUTE, bucket: "minute", step: MINUTE, live: true };
  const values = new Map([
    [MINUTE, 7],
    [2 * MINUTE, 3],
  ]);
  test("is complete, filling, or not known", () => {
    const made = barsOf({
      window,
      values,
      parts: null,
      keptFrom: MINUTE,
      completeTo: 2.5 * MINUTE,
    });
    expect(made.map(({ value, truth }) => [value, truth])).toEqual([
      [0, "unknown"],
      [7, "final"],
      [3, "filling"],
      [0, "unknown"],
    ]);
  });
  test("a part is never more than the whole", () => {
    const parts = new Map([[MINUTE, 9]]);
    const made = barsOf({ window, values, parts, keptFrom: 0, completeTo: 4 * MINUTE });
    expect(made.map(({ part }) => part)).toEqual([0, 7, 0, 0]);
  });
});

test("the last bars that are known", () => {
  expect(lastBars(bars([1, 2, 3, 4, 5], 1), 2)).toEqual(minutes(2, 4));
  expect(lastBars([], 2)).toBeNull();
});

describe("moveSpan", () => {
  const window: Window = { ...minutes(0, 10), bucket: "minute", step: MINUTE, live: true };
  test.each([
    ["right", minutes(2, 4), 1, false, minutes(3, 5)],
    ["not beyond the right edge", minutes(8, 10), 1, false, minutes(8, 10)],
    ["not beyond the left edge", minutes(0, 2), -3, false, minutes(0, 2)],
    ["wider", minutes(2, 4), 1, true, minutes(2, 5)],
    ["narrower", minutes(2, 4), -1, true, minutes(2, 3)],
    ["one bar at least", minutes(2, 3), -1, true, minutes(2, 3)],
    ["no wider than the window", minutes(2, 10), 1, true, minutes(2, 10)],
  ])("%s", (_, span, by, widen, to) => {
    expect(moveSpan(span, by, window, widen)).toEqual(to);
  });
});
