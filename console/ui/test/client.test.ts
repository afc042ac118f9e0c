import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StreamEvent } from "../src";
import { openUsageStream, type UsageStream } from "../src/stream/client";
import { delta, reset, snapshot } from "./samples";

/** An EventSource whose server is the test. */
class FakeSource extends EventTarget {
  static readonly all: FakeSource[] = [];
  readyState = 0;

  constructor() {
    super();
    FakeSource.all.push(this);
  }

  say(event: StreamEvent) {
    this.readyState = 1;
    this.dispatchEvent(new MessageEvent(event.type, { data: JSON.stringify(event.data) }));
  }

  fail(readyState: number) {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }

  close() {
    this.readyState = 2;
  }
}

let stream: UsageStream;
let answer: () => Promise<Response>;
let renew: () => Promise<boolean>;
const newest = () => FakeSource.all.at(-1) as FakeSource;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.all.length = 0;
  answer = async () => new Response("{}");
  renew = async () => false;
  stream = openUsageStream({
    createEventSource: () => new FakeSource() as unknown as EventSource,
    fetch: () => answer(),
    renewSession: () => renew(),
  });
});

afterEach(() => {
  stream.close();
  vi.useRealTimers();
});

test("publishes at most four times a second, and the newest state", async () => {
  newest().say(snapshot());
  let repaints = 0;
  stream.subscribe(() => {
    repaints += 1;
  });
  for (let epoch = 101; epoch <= 150; epoch += 1) {
    newest().say(delta({ epoch }));
    await vi.advanceTimersByTimeAsync(20);
  }
  await vi.advanceTimersByTimeAsync(250);
  expect(repaints).toBeGreaterThan(3);
  expect(repaints).toBeLessThanOrEqual(6);
  expect(stream.getView().state.usage?.epoch).toBe(150);
  expect(stream.getView().connection).toEqual({ phase: "open" });
});

test("leaves a network error to EventSource, which resumes by itself", async () => {
  newest().say(snapshot());
  newest().fail(0);
  await vi.advanceTimersByTimeAsync(300);
  expect(stream.getView().connection).toMatchObject({ phase: "retrying" });
  expect(stream.getView().state.usage?.epoch).toBe(100);
  newest().say(delta());
  await vi.advanceTimersByTimeAsync(300);
  expect(stream.getView().connection).toEqual({ phase: "open" });
  expect(FakeSource.all).toHaveLength(1);
});

test("a reset that lost its snapshot is not resumed from, but opened anew", async () => {
  newest().say(snapshot());
  const first = newest();
  first.say(reset());
  first.fail(0);
  expect(first.readyState).toBe(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSource.all).toHaveLength(2);
  newest().say(snapshot({ epoch: 500 }));
  newest().say(delta({ epoch: 501 }));
  await vi.advanceTimersByTimeAsync(300);
  expect(stream.getView().connection).toEqual({ phase: "open" });
  expect(stream.getView().state.usage?.epoch).toBe(501);
});

test("a session that ran out is renewed unseen, and the figures stay", async () => {
  newest().say(snapshot());
  answer = async () => new Response(null, { status: 401 });
  renew = async () => true;
  newest().fail(2);
  await vi.advanceTimersByTimeAsync(250);
  expect(FakeSource.all).toHaveLength(2);
  expect(stream.getView().connection).toEqual({ phase: "open" });
  expect(stream.getView().state.usage?.epoch).toBe(100);
});

test("a renewal that changes nothing is tried again with growing waits, not in a circle", async () => {
  answer = async () => new Response(null, { status: 401 });
  renew = async () => true;
  newest().fail(2);
  await vi.advanceTimersByTimeAsync(0);
  expect(FakeSource.all).toHaveLength(2);
  for (const wait of [2_000, 4_000]) {
    const before = FakeSource.all.length;
    newest().fail(2);
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(FakeSource.all).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSource.all).toHaveLength(before + 1);
  }
});

test("a refusal for want of a session is a sign-out, and is not retried", async () => {
  answer = async () => new Response(null, { status: 401 });
  newest().fail(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stream.getView().connection).toEqual({ phase: "signed-out" });
  expect(FakeSource.all).toHaveLength(1);
});

test("any other refusal is told with its code, and tried again with growing waits", async () => {
  answer = async () =>
    new Response(JSON.stringify({ detail: "Reading the journal again", code: "recovering" }), {
      status: 503,
    });
  newest().fail(2);
  await vi.advanceTimersByTimeAsync(500);
  expect(stream.getView().connection).toEqual({
    phase: "retrying",
    problem: { title: "Reading the journal again.", code: "recovering" },
  });
  await vi.advanceTimersByTimeAsync(500);
  expect(FakeSource.all).toHaveLength(2);
  newest().fail(2);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(FakeSource.all).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(100);
  expect(FakeSource.all).toHaveLength(3);
});

test("silence is a dead connection, and it is opened anew", async () => {
  newest().say(snapshot());
  const first = newest();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(FakeSource.all).toHaveLength(2);
  expect(first.readyState).toBe(2);
});

test("trying again opens at once and drops the old connection", () => {
  const first = newest();
  stream.retry();
  expect(FakeSource.all).toHaveLength(2);
  expect(first.readyState).toBe(2);
});

test.each([
  ["no JSON", "{"],
  ["no delta", '{"epoch":"101"}'],
])("what cannot be read is a problem, not a crash: %s", async (_, data) => {
  newest().dispatchEvent(new MessageEvent("delta", { data }));
  await vi.advanceTimersByTimeAsync(300);
  expect(stream.getView().connection).toMatchObject({ problem: { code: "unreadable" } });
});

test("tells the server's time by its clock", async () => {
  vi.setSystemTime("2026-11-21T22:00:00Z");
  const now = "2026-11-21T22:01:30.000Z";
  newest().say({
    type: "clock",
    data: { epoch: 100, complete_to: now, now },
    receivedAt: Date.now(),
  });
  // The page's own second has come, and with it a repaint.
  await vi.advanceTimersByTimeAsync(1_100);
  const passed = stream.getView().now - Date.parse(now);
  expect(passed).toBeGreaterThanOrEqual(1_000);
  expect(passed).toBeLessThanOrEqual(1_100);
});

test("closing stops everything", async () => {
  stream.close();
  expect(newest().readyState).toBe(2);
  expect(vi.getTimerCount()).toBe(0);
});
