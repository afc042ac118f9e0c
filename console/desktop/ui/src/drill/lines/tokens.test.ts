import { expect, test } from "vitest";
import { aRecord } from "./sample";
import { isBad, isDominant, lineText, tokensOf } from "./tokens";

const loud = (line: Parameters<typeof tokensOf>[0]) =>
  tokensOf(line).flatMap(({ name, bad }) => (bad ? [name] : []));

test("what went wrong is loud: status, event, how it ended and the phase that took the time", () => {
  expect(loud(aRecord())).toEqual(["event", "status", "Tr, response", "ended"]);
});

test("a success is quiet", () => {
  const well = aRecord({
    status_code: 200,
    event_type: 0,
    termination_state: "----",
    time_response_ms: 13,
    time_total_ms: 14,
  });
  expect(loud(well)).toEqual([]);
  expect(isBad(well)).toBe(false);
});

test("unknown is a dash, a phase that was not reached is -1", () => {
  const line = aRecord({
    customer_id: null,
    api_key_fp: 0,
    client_ip: null,
    time_connect_ms: null,
  });
  const texts = new Map(tokensOf(line).map(({ name, text }) => [name, text]));
  expect(texts.get("customer")).toBe("-");
  expect(texts.get("key’s fingerprint")).toBe("-");
  expect(texts.get("client")).toBe("-");
  expect(texts.get("Tc, connect")).toBe("-1");
});

test("as text, one space between tokens", () => {
  expect(lineText(aRecord())).toBe(
    "2026-11-19T14:21:08.146Z 2026-11-19T02:00:00Z 90412259 34 mainnet seal metered 1 53 7 16801928 203.0.113.20 " +
      "v1/fetch_k 504 217 0 0 1 30001 30003 sH-- 2 x1 @9842000",
  );
});

test.each([
  [30_001, true],
  [999, false],
  [1_000, false],
  [null, false],
])("a phase of %s ms is most of 30 s: %s", (ms, dominant) => {
  expect(isDominant(ms, aRecord())).toBe(dominant);
});
