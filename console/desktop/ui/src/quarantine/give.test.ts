import { openAdminClient } from "@suiftly/ui";
import { describe, expect, it } from "vitest";
import { discard, give } from "./give";
import { ingesterOf } from "./whose";

const line = (offset: number, outcome: string | null) => ({
  offset,
  received_at: "2026-11-22T22:00:00Z",
  reason: "sf1_field",
  source: "udp 192.0.2.7:514",
  epoch: 5,
  bytes: 2,
  text: "jb",
  requested_at: outcome === null ? null : "2026-11-22T22:05:00Z",
  outcome,
  outcome_epoch: outcome === null ? null : 7,
});

const ANSWERS: Readonly<Record<string, object>> = {
  "/": { lines: [line(40, "accepted"), line(30, null), line(20, "sf1_field")], next_before: null },
  "/replay": { lines: 2, epoch: 9 },
  "/discard": { lines: 3 },
};

/** A server that has these lines, and what it was asked: of which path, and what. */
function server() {
  const asked: [path: string, what: unknown][] = [];
  const client = openAdminClient({
    baseUrl: "http://server.invalid",
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { pathname, searchParams } = new URL(request.url);
      const path = `/${pathname.split("/quarantine/")[1] ?? ""}`;
      const query = Object.fromEntries(searchParams);
      asked.push([path, request.method === "POST" ? await request.json() : query]);
      return Response.json(ANSWERS[path]);
    },
  });
  return { client, asked };
}

describe("whose lines", () => {
  it.each([
    [["a", "b"], undefined, "a"],
    [["a", "b"], "b", "b"],
    [["a", "b"], "gone", "a"],
    [[], "b", undefined],
  ])("of %j, asked for %s: %s", (ingesters, asked, whose) => {
    expect(ingesterOf(ingesters, asked)).toBe(whose);
  });
});

describe("giving again and throwing away", () => {
  it("names the ingester, in each request", async () => {
    const { client, asked } = server();
    const lines = { reason: "sf1_field", journal: "b" };
    expect(await give(client, lines)).toEqual({ data: 31 });
    expect((await discard(client, lines)).data).toEqual({ lines: 3 });
    expect(asked).toEqual([
      ["/", { reason: "sf1_field", limit: "1000", journal: "b" }],
      ["/replay", { offsets: [30, 20], again: true, journal: "b" }],
      ["/discard", { reason: "sf1_field", journal: "b" }],
    ]);
  });
  it("names none to a process alone", async () => {
    const { client, asked } = server();
    const lines = { reason: "sf1_field", journal: undefined };
    await give(client, lines);
    await discard(client, lines);
    expect(asked).toEqual([
      ["/", { reason: "sf1_field", limit: "1000" }],
      ["/replay", { offsets: [30, 20], again: true }],
      ["/discard", { reason: "sf1_field" }],
    ]);
  });
});
