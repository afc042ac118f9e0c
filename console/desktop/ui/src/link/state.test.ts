import { describe, expect, test } from "vitest";
import { aPipeline, message, snapshot } from "../testing";
import { HISTORY, receive, resume, UNKNOWN_SERVER } from "./state";

const NOW = Date.parse("2026-11-21T22:01:18Z");

describe("receive", () => {
  test("keeps the pipeline's last minute and no more", () => {
    let state = UNKNOWN_SERVER;
    for (let epoch = 1; epoch <= HISTORY + 5; epoch += 1) {
      state = receive(state, message("pipeline", aPipeline({ epoch })), NOW);
    }
    expect(state.history.length).toBe(HISTORY);
    expect(state.history[0]?.epoch).toBe(6);
    expect(state.usage.pipeline?.epoch).toBe(HISTORY + 5);
  });

  test("ignores what a later server says", () => {
    expect(receive(UNKNOWN_SERVER, { name: "vault", data: "{}" }, NOW)).toBe(UNKNOWN_SERVER);
  });

  test.each(["not JSON", "null", "7"])("waits for a snapshot after %s", (data) => {
    const good = receive(UNKNOWN_SERVER, message("snapshot", snapshot({ epoch: 5 })), NOW);
    const bad = receive(good, { name: "delta", data }, NOW);
    expect(bad.unreadable).toBe(true);
    expect(bad.usage.awaitingSnapshot).toBe(true);
    expect(bad.usage.usage?.epoch, "the last good figures stay").toBe(5);
    expect(receive(bad, message("snapshot", snapshot({ epoch: 9 })), NOW).unreadable).toBe(false);
  });
});

test("a resumed session keeps the figures and waits for its snapshot", () => {
  const good = receive(UNKNOWN_SERVER, message("snapshot", snapshot({ epoch: 5 })), NOW);
  const resumed = resume(good);
  expect(resumed.usage).toEqual({ ...good.usage, awaitingSnapshot: true });
});
