import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ANSWERS } from "../src/support/answers";
import { diagnosticsText } from "../src/support/diagnostics";

const CONFIG = readFileSync(
  new URL("../../../packaging/haproxy/haproxy.cfg", import.meta.url),
  "utf8",
);
const REFUSALS = [...CONFIG.matchAll(/"status":(\d+),"code":"([a-z_]+)"/g)];
/** What no program of a customer's gets by asking in the usual way. */
const NOT_EXPLAINED = ["malformed", "request_timeout", "internal"];

test("every code of the gateways is explained, with its status", () => {
  const explained = new Map(ANSWERS.map(({ code, status }) => [code, status]));
  const given = REFUSALS.map(([, status, code]) => [code ?? "", Number(status)] as const).filter(
    ([code]) => !NOT_EXPLAINED.includes(code),
  );
  expect(given.length).toBeGreaterThan(15);
  for (const [code, status] of given) expect([code, explained.get(code)]).toEqual([code, status]);
  expect([...explained.keys()].sort()).toEqual([...new Set(given.map(([code]) => code))].sort());
});

test("what is sent says what is known, and nothing else", () => {
  const text = diagnosticsText({
    wallet: "0xab",
    now: 0,
    completeTo: null,
    connection: "retrying",
    build: "/assets/Support.js",
    browser: "A browser",
    services: [{ service: "seal", status: "suspended", is_updating: true }],
    problems: ["connection_lost"],
  });
  expect(text.split("\n")).toEqual([
    "Account: 0xab",
    "Time: 1970-01-01T00:00:00.000Z",
    "Complete to: unknown",
    "Live figures: retrying",
    "API: v1",
    "Dashboard: /assets/Support.js",
    "Browser: A browser",
    "Services: seal suspended updating",
    "Last problems: connection_lost",
  ]);
});
