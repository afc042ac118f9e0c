import { describe, expect, it } from "vitest";
import type { Happening, Lane } from "./events";
import { layoutOf } from "./layout";
import { markAt, marksOf, markWith, nearest } from "./marks";
import { keyTarget } from "./useCrosshair";

const event = (at: number, lane: Lane, weight: Happening["weight"] = "info"): Happening => ({
  id: `${lane} ${at}`,
  at,
  lane,
  weight,
  words: "it happened",
  place: { to: "/", word: "Overview" },
});
const px = (ms: number) => ms;

describe("marks", () => {
  const marks = marksOf(
    [
      event(120, "told"),
      event(100, "told"),
      event(110, "told", "warn"),
      event(140, "told", "bad"),
      event(111, "vault"),
    ],
    px,
  );

  it("that would lie on each other are one, of the gravest weight, the latest first", () => {
    expect(
      marks.map(({ lane, from, to, weight, events }) => [
        lane,
        from,
        to,
        weight,
        events.map(({ at }) => at),
      ]),
    ).toEqual([
      ["told", 100, 120, "warn", [120, 110, 100]],
      ["told", 140, 140, "bad", [140]],
      ["vault", 111, 111, "info", [111]],
    ]);
  });

  it.each([
    ["told", 112, 100],
    ["told", 92, 100],
    ["told", 131, 140],
    ["told", 130, null],
    ["told", 80, null],
    ["vault", 112, 111],
    ["people", 112, null],
  ] as const)("on %s under %i begins at %s", (lane, at, from) => {
    expect(markAt(marks, lane, at)?.from ?? null).toBe(from);
  });

  it("are found by the nearest and by an event of theirs", () => {
    expect(nearest(marks, 1_000)?.from).toBe(140);
    expect(nearest(marks, 0)?.from).toBe(100);
    expect(nearest([], 0)).toBeNull();
    expect(markWith(marks, "told 110")?.events).toHaveLength(3);
    expect(markWith(marks, "told 999")).toBeNull();
    expect(markWith(marks, undefined)).toBeNull();
  });
});

describe("the drawing", () => {
  const span = { from: 0, to: 600_000, bucket: "minute", step: 60_000, range: null } as const;

  it("reads the time that stands under a pixel, and no time beyond the span", () => {
    const { x, timeAt } = layoutOf(span, 712, 4);
    expect(timeAt(x(240_000))).toBe(240_000);
    expect([timeAt(-50), timeAt(5_000)]).toEqual([0, 600_000]);
  });

  it.each([
    ["ArrowLeft", 90_000, 30_000],
    ["ArrowLeft", 30_000, 0],
    ["ArrowRight", 570_000, 600_000],
    ["Home", 90_000, 0],
    ["End", 90_000, 600_000],
    ["x", 90_000, null],
  ] as const)("%s leads from %i to %s", (key, at, to) => {
    expect(keyTarget(key, at, span)).toBe(to);
  });
});
