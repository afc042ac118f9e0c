import type { RecordLine } from "@suiftly/ui/api/admin";
import { describe, expect, test } from "vitest";
import { aRecord } from "../drill/lines/sample";
import { clear, EMPTY_RING, LINES_KEPT, push, type Ring, rates } from "./ring";

const lines = (count: number, first = 0): RecordLine[] =>
  Array.from({ length: count }, (_, at) => aRecord({ journal_offset: first + at }));
const event = (count: number, sampled = 0, first = 0) => ({ lines: lines(count, first), sampled });
const offsets = (ring: Ring) => ring.lines.map(({ line }) => line.journal_offset);

describe("push", () => {
  test("keeps order, counts all", () => {
    let ring = push(EMPTY_RING, { events: [event(2), event(1, 5, 2)], dropped: 0, at: 0 });
    ring = push(ring, { events: [event(1, 0, 3)], dropped: 7, at: 250 });
    expect(offsets(ring)).toEqual([0, 1, 2, 3]);
    expect(ring.lines.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
    expect(ring).toMatchObject({ came: 4, sampled: 5, dropped: 7 });
  });

  test("is bounded whatever comes, and keeps the latest", () => {
    let ring = EMPTY_RING;
    for (let at = 0; at < 40; at += 1) {
      ring = push(ring, { events: [event(700, 0, at * 700)], dropped: 0, at: at * 250 });
      expect(ring.lines.length).toBeLessThanOrEqual(LINES_KEPT);
      expect(ring.ticks.length).toBeLessThanOrEqual(13);
    }
    expect(ring.came).toBe(28_000);
    expect(ring.lines.length).toBe(LINES_KEPT);
    expect(ring.lines.at(-1)?.line.journal_offset).toBe(27_999);
    expect(ring.lines[0]?.id).toBe(23_000);
  });

  test("a flood larger than the ring leaves its end", () => {
    const flood = [event(4_000), event(4_000, 0, 4_000)];
    const ring = push(push(EMPTY_RING, { events: [event(9)], dropped: 0, at: 0 }), {
      events: flood,
      dropped: 0,
      at: 250,
    });
    expect(ring.lines.length).toBe(LINES_KEPT);
    expect(offsets(ring).slice(0, 1)).toEqual([3_000]);
    expect(ring.lines.at(-1)).toMatchObject({ id: 8_008 });
    expect(new Set(ring.lines.map(({ id }) => id)).size).toBe(LINES_KEPT);
  });

  test("nothing new leaves the very same lines: nothing is drawn again", () => {
    const ring = push(EMPTY_RING, { events: [event(3)], dropped: 0, at: 0 });
    expect(push(ring, { events: [event(0)], dropped: 0, at: 250 }).lines).toBe(ring.lines);
  });
});

test("cleared, its ids go on", () => {
  const ring = clear(push(EMPTY_RING, { events: [event(3)], dropped: 2, at: 0 }));
  expect(ring).toMatchObject({ lines: [], dropped: 0, came: 3 });
  expect(push(ring, { events: [event(1)], dropped: 0, at: 1 }).lines[0]?.id).toBe(3);
});

describe("rates", () => {
  test("of the last seconds, the first pull only begins them", () => {
    let ring = push(EMPTY_RING, { events: [event(90)], dropped: 0, at: 0 });
    for (let at = 250; at <= 1_000; at += 250) {
      ring = push(ring, { events: [event(50)], dropped: 0, at });
    }
    expect(rates(ring)).toEqual({ shown: 200, oneOf: 1 });
  });
  test("one of so many, where the server or the window left some out", () => {
    let ring = push(EMPTY_RING, { events: [], dropped: 0, at: 0 });
    ring = push(ring, { events: [event(50, 700)], dropped: 250, at: 250 });
    expect(rates(ring)).toEqual({ shown: 200, oneOf: 20 });
  });
  test("before anything came", () => {
    expect(rates(EMPTY_RING)).toEqual({ shown: 0, oneOf: 1 });
  });
});
