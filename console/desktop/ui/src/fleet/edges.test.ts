import { describe, expect, it } from "vitest";
import { aPipeline } from "../testing";
import { countServers, edgeRows, fleetWords } from "./edges";
import { missedSince, withLoss } from "./lossHistory";
import { aFleet, aGateway, anApplied, anEdge } from "./testing";

const NOW = Date.parse("2026-11-22T22:30:00Z");
const HOUR_MS = 3_600_000;

function pipeline(received: number, missing: number, now: string) {
  const worker = {
    server_id: 17,
    boot_ms: 1,
    duplicates: 0,
    conflicts: 0,
    first_seq: 1,
    highest_seq: 1,
    homes: [],
  };
  const other = { ...worker, server_id: 33, received: 5, missing: 9 };
  return aPipeline({
    now,
    loss: { missing, ppm: 0, workers: [{ ...worker, received, missing }, other] },
  });
}

describe("an edge’s row", () => {
  it("says what its gateways came to", () => {
    const recent = [
      pipeline(1_000, 0, "2026-11-22T22:29:00Z"),
      pipeline(1_600, 400, "2026-11-22T22:30:00Z"),
    ];
    const losses = [{ at: NOW - HOUR_MS - 30_000, missing: new Map([[17, 100]]) }];
    const edge = anEdge({
      applied: [anApplied({ version: 5, took_ms: null, edge_ms: 7 }), anApplied()],
      gateways: [
        aGateway({
          dropped_logs: 3,
          servers: [
            { backend: "b", server: "s1", status: "DOWN 1/2", sessions: 0 },
            { backend: "b", server: "s2", status: "MAINT (via b/s1)", sessions: 0 },
            { backend: "b", server: "s3", status: "no check", sessions: 0 },
          ],
        }),
        aGateway({ server_id: 18, dropped_logs: null, haproxy: "3.0.5" }),
      ],
    });
    const [row] = edgeRows(aFleet([edge]), {
      pipeline: recent[1] ?? null,
      recent,
      losses,
      now: NOW,
    });
    expect(row).toMatchObject({
      lateMs: null,
      tookMs: 118,
      history: [7, 118],
      linesPerSecond: 10,
      missing: { lines: 300, since: NOW - HOUR_MS },
      ppm: 200_000,
      dropped: 3,
      haproxy: ["2.6.12", "3.0.5"],
      servers: { all: 4, down: 1, out: 1 },
      canary: { word: "none yet" },
    });
  });

  it("says nothing of what is not known", () => {
    const edge = anEdge({ state: "never_seen", version: null, applied: [], gateways: [] });
    const [row] = edgeRows(aFleet([edge]), { pipeline: null, recent: [], losses: [], now: NOW });
    expect(row).toMatchObject({
      tookMs: null,
      linesPerSecond: null,
      missing: null,
      ppm: null,
      dropped: null,
      haproxy: [],
    });
  });

  const canaries = [
    [{ server_id: 17, alarm: "unserved" }, "down"],
    [{ server_id: 17, alarm: "unmetered" }, "config-needed"],
    [{ server_id: 17, metered_at: "2026-11-22T22:21:29Z" }, "ok"],
    [{ server_id: 99, metered_at: "2026-11-22T22:21:29Z" }, "disabled"],
  ] as const;
  it.each(canaries)("has the canary %o", (stand, status) => {
    const fleet = aFleet([anEdge()], { canaries: [{ ...stand }] });
    const [row] = edgeRows(fleet, { pipeline: null, recent: [], losses: [], now: NOW });
    expect(row?.canary.status).toBe(status);
  });

  it("counts for how long it lacks the version in force", () => {
    const of = (state: "behind" | "in_sync" | "unreachable", lag_ms: number) =>
      edgeRows(aFleet([anEdge({ state, lag_ms })]), {
        pipeline: null,
        recent: [],
        losses: [],
        now: NOW,
      })[0]?.lateMs;
    expect([of("behind", 192_000), of("in_sync", 5), of("unreachable", 0)]).toEqual([
      192_000,
      null,
      null,
    ]);
  });
});

it("a fleet in words leaves out whom nobody waits for", () => {
  const edges = [
    anEdge(),
    anEdge({ name: "b", state: "behind" }),
    anEdge({ name: "c", state: "never_seen", is_implied: true }),
  ];
  expect(fleetWords(edges)).toBe("2 expected, 1 current, 1 behind");
});

it("servers are down, out, or neither", () => {
  const statuses = ["UP", "DOWN", "UP 1/3", "DRAIN", "no check", "NOLB"];
  const servers = statuses.map((status) => ({ backend: "b", server: "s", status, sessions: 0 }));
  expect(countServers(servers)).toEqual({ all: 6, down: 1, out: 2 });
});

describe("the history of the loss", () => {
  const at = (minute: number, missing: number) => ({
    at: minute * 60_000,
    missing: new Map([[17, missing]]),
  });

  it("takes one sample a minute", () => {
    const first = withLoss([], pipeline(1, 2, "x"), 60_500);
    expect(first).toEqual([
      {
        at: 60_000,
        missing: new Map([
          [17, 2],
          [33, 9],
        ]),
      },
    ]);
    expect(withLoss(first, pipeline(1, 5, "x"), 119_999)).toBe(first);
    expect(withLoss(first, pipeline(1, 5, "x"), 120_000)).toHaveLength(2);
  });

  const cases = [
    ["before anything was seen", [], 5, 10, null],
    ["from the sample before", [at(5, 1), at(20, 4)], 9, 10, { lines: 8, since: 600_000 }],
    [
      "from the first, where none is old enough",
      [at(20, 4)],
      9,
      10,
      { lines: 5, since: 1_200_000 },
    ],
    ["never less than none", [at(5, 8)], 3, 10, { lines: 0, since: 600_000 }],
  ] as const;
  it.each(cases)("%s", (_, history, current, minute, expected) => {
    expect(missedSince(history, 17, current, minute * 60_000)).toEqual(expected);
  });
});
