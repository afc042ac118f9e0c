import { INITIAL_STATE } from "@suiftly/ui";
import { expect, test } from "vitest";
import type { ConsoleView, Phase } from "../link/follow";
import { receive, type ServerState, UNKNOWN_SERVER } from "../link/state";
import { aPipeline, message, snapshot } from "../testing";
import { condition, figuresLevel, sentence } from "./condition";

const NOW = Date.parse("2026-11-21T22:01:17.250Z");

function view(change: Partial<ConsoleView> = {}, pipeline = aPipeline()): ConsoleView {
  const messages = [message("pipeline", pipeline), message("snapshot", snapshot())];
  const server: ServerState = messages.reduce((s, m) => receive(s, m, NOW), UNKNOWN_SERVER);
  return {
    server,
    status: { phase: "open" },
    address: "http://a",
    unencrypted: false,
    profile: null,
    now: NOW,
    ...change,
  };
}

const lines = (conflicts: number) => ({ ...aPipeline().lines, conflicts });
const loss = (missing: number) => ({ missing, ppm: missing, workers: [] });
const unreachable: Phase = { phase: "unreachable", reason: "nothing answers", for_ms: 5 };

test.each<[string, string, ConsoleView]>([
  ["Exact", "ok", view()],
  ["Exact", "ok", view({}, aPipeline({ lines: { ...lines(0), rejected: 3 } }))],
  ["Lines missing", "config-needed", view({}, aPipeline({ loss: loss(1) }))],
  ["Conflicts", "config-needed", view({}, aPipeline({ lines: lines(1) }))],
  ["4 s behind", "config-needed", view({ now: NOW + 4_000 }, aPipeline({ loss: loss(1) }))],
  ["Stopped", "down", view({ now: NOW + 16_000 })],
  ["No contact", "down", view({ status: unreachable })],
  ["Refused", "down", view({ status: { phase: "refused", reason: "unknown token" } })],
  ["Connecting", "updating", view({ server: { ...UNKNOWN_SERVER, usage: INITIAL_STATE } })],
  ["No server", "disabled", view({ status: { phase: "idle" }, server: UNKNOWN_SERVER })],
])("%s", (word, status, shown) => {
  expect(condition(shown)).toMatchObject({ word, status });
});

test("figures are as old as the older of the stream and the pipeline", () => {
  const old = aPipeline({ now: "2026-11-21T22:01:00.000Z" });
  expect(figuresLevel(view({}, old))).toBe("stale");
  expect(figuresLevel(view())).toBe("live");
});

test.each([
  ["nothing answers at http://a:1", "Nothing answers at http://a:1."],
  ["http://a:1 has been silent for 10 s", "http://a:1 has been silent for 10 s."],
])("%s, as a sentence", (words, said) => expect(sentence(words)).toBe(said));
