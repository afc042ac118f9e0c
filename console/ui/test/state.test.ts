import { describe, expect, test } from "vitest";
import {
  applyEvent,
  INITIAL_STATE,
  type Pipeline,
  type StreamEvent,
  serverNow,
  type Usage,
} from "../src";
import { delta, served, snapshot } from "./samples";

function after(...events: StreamEvent[]) {
  return events.reduce(applyEvent, INITIAL_STATE);
}

function usageAfter(...events: StreamEvent[]): Usage {
  const { usage } = after(...events);
  if (usage === null) throw new Error("no snapshot among the events");
  return usage;
}

const at = (time: string) => Date.parse(`2026-11-21T${time}Z`);

test("the server's now is never before what is complete", () => {
  const state = after(snapshot());
  expect(serverNow(state, at("22:01:12"))).toBe(at("22:01:12"));
  expect(serverNow(state, at("22:01:09"))).toBe(at("22:01:10"));
  expect(serverNow(INITIAL_STATE, 7)).toBe(7);
});

describe("snapshot", () => {
  test("replaces everything", () => {
    const usage = usageAfter(snapshot(), delta(), snapshot({ epoch: 7, counts: served(3) }));
    expect(usage).toMatchObject({ epoch: 7, counts: served(3), ratedMicroUsd: 100_000 });
  });

  test("sorts its minutes and drops those older than an hour", () => {
    const usage = usageAfter(
      snapshot({
        minutes: [
          { start: "2026-11-21T22:01:00Z", counts: served(3) },
          { start: "2026-11-21T21:02:00Z", counts: served(2) },
          { start: "2026-11-21T21:01:00Z", counts: served(1) },
        ],
      }),
    );
    expect(usage.minutes.map(({ start }) => start)).toEqual([at("21:02:00"), at("22:01:00")]);
  });
});

describe("delta", () => {
  test("adds to the month, the money and its minute", () => {
    const usage = usageAfter(snapshot(), delta());
    expect(usage).toMatchObject({
      epoch: 101,
      completeTo: at("22:01:10.100"),
      counts: served(1005),
      ratedMicroUsd: 100_500,
      minutes: [{ start: at("22:01:00"), counts: served(45) }],
    });
  });

  test("opens a new minute and corrects an old one", () => {
    const usage = usageAfter(
      snapshot(),
      delta({
        minutes: [
          { start: "2026-11-21T22:02:00Z", counts: served(2) },
          { start: "2026-11-21T21:30:00Z", counts: served(1) },
        ],
      }),
    );
    expect(usage.minutes).toEqual([
      { start: at("21:30:00"), counts: served(1) },
      { start: at("22:01:00"), counts: served(40) },
      { start: at("22:02:00"), counts: served(2) },
    ]);
  });

  test("lets go of minutes as time moves on", () => {
    const usage = usageAfter(
      snapshot(),
      delta({ complete_to: "2026-11-21T23:01:00.000Z", minutes: [] }),
    );
    expect(usage.minutes).toEqual([]);
  });

  test("does not bring back a minute that has gone, but counts it in the month", () => {
    const late = delta({ minutes: [{ start: "2026-11-21T20:00:00Z", counts: served(5) }] });
    const usage = usageAfter(snapshot(), late);
    expect(usage.minutes).toHaveLength(1);
    expect(usage.counts).toEqual(served(1005));
  });

  test("a correction downwards takes away", () => {
    const usage = usageAfter(snapshot(), delta({ counts: served(-4), rated_micro_usd: -400 }));
    expect(usage).toMatchObject({ counts: served(996), ratedMicroUsd: 99_600 });
  });

  test.each([
    ["a duplicate", 101],
    ["one out of order", 100],
    ["one from before the snapshot", 12],
  ])("%s is not counted again", (_, epoch) => {
    const usage = usageAfter(snapshot(), delta(), delta({ epoch }));
    expect(usage.counts).toEqual(served(1005));
    expect(usage.minutes).toEqual([{ start: at("22:01:00"), counts: served(45) }]);
  });

  test("at a resting epoch only time moves on, and never back", () => {
    const still = { epoch: 100, counts: served(0), rated_micro_usd: 0, minutes: [] };
    const usage = usageAfter(
      snapshot(),
      delta({ ...still, complete_to: "2026-11-21T22:01:12.000Z" }),
      delta({ ...still, complete_to: "2026-11-21T22:01:11.000Z" }),
    );
    expect(usage).toMatchObject({ completeTo: at("22:01:12"), counts: served(1000) });
  });

  test("before any snapshot means nothing", () => {
    expect(after(delta()).usage).toBeNull();
  });
});

describe("reset", () => {
  const reset: StreamEvent = { type: "reset", data: { reason: "behind" } };

  test("keeps the last good figures and ignores deltas until the snapshot", () => {
    expect(usageAfter(snapshot(), reset, delta())).toEqual(usageAfter(snapshot()));
  });

  test("takes a snapshot of any epoch, and counts on from there", () => {
    const usage = usageAfter(
      snapshot(),
      reset,
      snapshot({ epoch: 5, counts: served(10) }),
      delta({ epoch: 6 }),
    );
    expect(usage).toMatchObject({ epoch: 6, counts: served(15) });
  });

  test("a new month starts again while the hour goes on", () => {
    const usage = usageAfter(
      snapshot({ complete_to: "2026-11-30T23:59:59.900Z", minutes: [] }),
      { type: "reset", data: { reason: "month" } },
      snapshot({
        epoch: 101,
        complete_to: "2026-12-01T00:00:00.100Z",
        month: "2026-12",
        counts: served(0),
        rated_micro_usd: 0,
        minutes: [{ start: "2026-11-30T23:59:00Z", counts: served(9) }],
      }),
    );
    expect(usage).toMatchObject({ month: "2026-12", counts: served(0), ratedMicroUsd: 0 });
    expect(usage.minutes).toHaveLength(1);
  });
});

test("pipeline tells the server's clock, whatever this machine's says", () => {
  const data = { now: "2026-11-21T22:01:10.000Z" } as Pipeline;
  const state = after({ type: "pipeline", data, receivedAt: at("22:00:00") });
  expect(state).toMatchObject({ pipeline: data, clockSkew: 70_000 });
});

test("events do not change the state they are applied to", () => {
  const before = after(snapshot());
  const copy = structuredClone(before);
  applyEvent(before, delta());
  expect(before).toEqual(copy);
});
