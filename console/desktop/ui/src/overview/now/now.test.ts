import { INITIAL_STATE, type Minute, NO_COUNTS, type Pipeline, type Usage } from "@suiftly/ui";
import type {
  BillingStanding,
  FleetView,
  NoticeItem,
  QuarantineReason,
  TopCustomer,
  TopCustomers,
} from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { aPipeline } from "../../testing";
import { aGateway, anEdge } from "../testing";
import { PHASES } from "../timers/phases";
import { byGravity, type Concern, PLAIN } from "./concern";
import { isDown } from "./fleet";
import { concerns, type Known, lookedAt } from "./now";
import { median } from "./spikes";

const TO = Date.parse("2026-11-22T14:32:00Z");
const MINUTE = 60_000;

function usage(errors: readonly number[], change: Partial<typeof NO_COUNTS> = {}): Usage {
  const minutes = errors.map(
    (server_error, at): Minute => ({
      start: TO - (errors.length - at) * MINUTE,
      counts: { ...NO_COUNTS, requests: 1_000, server_error, ...change },
    }),
  );
  const empty = { epoch: 1, month: "2026-11", ratedMicroUsd: 0, arrivals: [] };
  return { ...empty, completeTo: TO + 20_000, counts: NO_COUNTS, minutes };
}

const NOTHING: Known = {
  pipeline: null,
  usage: INITIAL_STATE.usage,
  serverWord: (id) => `edge-${id}`,
  points: [],
  recent: { from: TO - 5 * MINUTE, to: TO + MINUTE },
  hour: { from: TO - 59 * MINUTE, to: TO + MINUTE },
};

const fleet = (change: Partial<FleetView> = {}): FleetView => ({
  version: 18_442,
  issued_at: null,
  is_in_sync: true,
  edges: [anEdge()],
  canaries: [],
  ...change,
});

const standing = (change: Partial<BillingStanding> = {}): BillingStanding => ({
  now: "2026-11-22T14:32:20Z",
  accrued_micro_usd: 0,
  in_flight_micro_usd: 0,
  draws_in_doubt: 0,
  ledger: { is_clean: true, checked_at: "2026-11-22T14:00:00Z" },
  escrow: { is_clean: null },
  next_close_at: "2026-12-02T00:00:00Z",
  open_months: ["2026-11"],
  ...change,
});

const notice = (id: number, change: Partial<NoticeItem> = {}): NoticeItem => ({
  id,
  key: `k${id}`,
  kind: "insufficient_balance",
  severity: "warning",
  body: {},
  created_at: `2026-11-22T14:${10 + id}:00Z`,
  customer_id: 7,
  ...change,
});

const mover = (value: number, value_before: number): TopCustomer => ({
  customer_id: 7,
  value,
  value_before,
  change: value - value_before,
  counts: NO_COUNTS,
  rated_micro_usd: 0,
});

const moved = (...movers: TopCustomer[]): TopCustomers => ({
  epoch: 1,
  complete_to: "2026-11-22T14:30:00Z",
  from: "2026-11-22T14:00:00Z",
  to: "2026-11-22T15:00:00Z",
  before_from: "2026-11-22T13:00:00Z",
  by: "requests",
  top: [],
  movers,
});

const told = (known: Partial<Known>) => concerns({ ...NOTHING, ...known });
const words = (known: Partial<Known>) =>
  told(known).map(({ severity, lead, rest }) => `${severity}: ${lead} ${rest}`.trim());

describe("concerns", () => {
  it("are none where nothing is wrong", () => {
    const known = {
      fleet: fleet(),
      pipeline: aPipeline(),
      usage: usage(Array(60).fill(3)),
      slow: null,
      ended: [],
      moved: moved(mover(1_800, 3_600)),
      notices: [],
      quarantine: [],
      standing: standing(),
    };
    expect(words(known)).toEqual([]);
    expect(lookedAt({ ...NOTHING, ...known }).unknown).toEqual([]);
    expect(lookedAt({ ...NOTHING, ...known }).at[0]).toBe("1 edge, 0 servers");
  });

  it("takes nothing for well that could not be looked at", () => {
    const { at, unknown } = lookedAt(NOTHING);
    expect(at).toEqual([]);
    expect(unknown).toContain("edges and servers");
    expect(unknown).toHaveLength(9);
  });

  it.each<[string, Partial<FleetView>, readonly string[]]>([
    [
      "an edge behind",
      { edges: [anEdge({ state: "behind", version: 18_441, lag_ms: 192_000 })] },
      [
        "warn: fra-2 holds vault v18,441, 3 min 12 s behind v18,442. Until then it enforces what it has.",
      ],
    ],
    [
      "an edge out of reach",
      { edges: [anEdge({ state: "unreachable", version: null })] },
      [
        "bad: fra-2 is unreachable. It was heard of last with no vault; what it enforces is not known.",
      ],
    ],
    ["an edge that updates", { edges: [anEdge({ state: "updating" })] }, []],
    ["one that nobody named", { edges: [anEdge({ state: "never_seen", is_implied: true })] }, []],
    [
      "a server that is down",
      {
        edges: [
          anEdge({
            gateways: [
              aGateway({
                servers: [
                  { backend: "seal", server: "s1", status: "UP", sessions: 1 },
                  { backend: "seal", server: "s2", status: "DOWN", sessions: 0 },
                ],
              }),
            ],
          }),
        ],
      },
      ["bad: seal/s2 is down at fra-2. 1 of 2 servers there are not."],
    ],
    [
      "a canary",
      { canaries: [{ server_id: 2, alarm: "unmetered", alarm_since: "2026-11-22T14:00:00Z" }] },
      [
        "bad: The canary of edge-2 fails. Its synthetic requests are answered, and their lines do not arrive.",
      ],
    ],
  ])("of the fleet: %s", (_, change, expected) => {
    expect(words({ fleet: fleet(change) })).toEqual(expected);
  });

  const calm = aPipeline();
  it.each<[string, Partial<Pipeline>, string]>([
    [
      "loss within its bound",
      { loss: { ...calm.loss, missing: 1, ppm: 2.1 } },
      "warn: 1 line is missing, 2.1 ppm of those sent. What did not arrive is not billed.",
    ],
    [
      "loss over its bound",
      { loss: { ...calm.loss, missing: 40, ppm: 12 } },
      "bad: 40 lines are missing, 12.0 ppm of those sent. What did not arrive is not billed.",
    ],
    [
      "lag",
      { lag_ms: { p50: 100, p99: 1_500 } },
      "warn: Lines are counted 1.50 s after they come, p99; 1.00 s is the bound.",
    ],
    [
      "a journal that fails",
      { journal: { ...calm.journal, error: "no space left" } },
      "bad: The journal cannot be written. Nothing is accepted until it can: no space left",
    ],
  ])("of the pipeline: %s", (_, change, expected) => {
    expect(words({ pipeline: aPipeline(change) })).toEqual([expected]);
  });

  it.each<[string, Usage, readonly string[]]>([
    [
      "many times the usual",
      usage([...Array(30).fill(2), 2, 40, 90, 90, 80]),
      ["bad: Server errors are up 30×. 302 in the last 5 minutes, 6.04% of all requests."],
    ],
    [
      "where there were none",
      usage([...Array(30).fill(0), 0, 0, 20, 20, 20]),
      [
        "bad: Server errors are coming in; there were next to none. 60 in the last 5 minutes, 1.20% of all requests.",
      ],
    ],
    ["not what there always is", usage(Array(60).fill(90)), []],
    ["not few", usage([...Array(30).fill(0), 0, 0, 5, 5, 5]), []],
    ["not before the usual is known", usage([0, 0, 90, 90, 90, 90, 90]), []],
  ])("spikes: %s", (_, known, expected) => {
    expect(words({ usage: known })).toEqual(expected);
  });

  it("says since when errors spike, and opens that span", () => {
    const [spike] = told({ usage: usage([...Array(30).fill(2), 2, 2, 90, 90, 80]) });
    expect(spike?.at).toBe(TO - 3 * MINUTE);
    expect(spike?.goes).toEqual({
      to: "/drill",
      search: {
        measure: "server_error",
        from: "2026-11-22T14:27:00.000Z",
        to: "2026-11-22T14:32:00.000Z",
      },
    });
  });

  it.each<[string, TopCustomer, readonly string[]]>([
    ["silent", mover(0, 684_000), ["warn: went silent, from 190 / s the hour before."]],
    ["jumped", mover(18_000, 3_600), ["note: jumped to 10.0 / s, from 1.0 the hour before."]],
    ["as before, half an hour in", mover(342_000, 684_000), []],
    ["of next to nothing", mover(0, 1_700), []],
    ["one that is new", mover(18_000, 0), []],
  ])("of customers: %s", (_, customer, expected) => {
    expect(words({ moved: moved(customer) })).toEqual(expected);
    const [first] = told({ moved: moved(customer) });
    if (first) expect([first.customerId, first.goes]).toEqual([7, { to: "/customers/$id", id: 7 }]);
  });

  it("names the slow phase and where it is", () => {
    const phase = PHASES[3];
    if (!phase) throw new Error("no such phase");
    const where = { server_id: 2, service_type: "seal", network: "mainnet", backend_id: 1 };
    const slow = { phase, p99: 30_000, usual: 98, where };
    expect(words({ slow })).toEqual([
      "bad: Backends are slow to answer: edge-2, seal local 1. Tr p99 is 30.0 s, 98 ms in this hour last week.",
    ]);
    expect(told({ slow })[0]?.goes).toMatchObject({
      to: "/drill",
      search: { ...where, time_total_min_ms: 98, measure: "slow" },
    });
  });

  it("says how requests end unusually", () => {
    const ended = [{ state: "sH", count: 164_020, times: 41, usualPart: 0.00002, isOurs: true }];
    expect(words({ ended })).toEqual([
      "bad: sH up 41×: the server did not answer in time, 164,020 in the last hour.",
    ]);
  });

  it("has one sentence a kind of notification, and none of what is only told", () => {
    const notices = [
      notice(1),
      notice(3),
      notice(2),
      notice(4, { severity: "info", kind: "deposit" }),
      notice(5, { severity: "critical", kind: "edge_behind", customer_id: null }),
    ];
    const found = told({ notices });
    expect(found.map(({ key, severity }) => `${key} ${severity}`)).toEqual([
      "notice/5 bad",
      "notice/3 warn",
    ]);
    expect(found[1]?.rest).toMatch(/And 2 more like it\.$/);
    expect([found[0]?.goes, found[1]?.goes]).toEqual([
      { to: "/notifications", search: { id: 5 } },
      { to: "/notifications", search: {} },
    ]);
  });

  it("has quarantine, draws and books", () => {
    const newest = "2026-11-22T14:30:00Z";
    const reason = { bytes: 9, rejected: 20, under_way: 0, oldest: null };
    const quarantine: readonly QuarantineReason[] = [
      { ...reason, reason: "not_utf8", lines: 20, waiting: 14, newest },
      { ...reason, reason: "unknown_format", lines: 3, waiting: 0, newest },
    ];
    expect(
      words({
        quarantine,
        standing: standing({
          draws_in_doubt: 2,
          in_flight_micro_usd: 5_250_000,
          ledger: { is_clean: false, checked_at: "2026-11-22T14:00:00Z" },
        }),
      }),
    ).toEqual([
      "bad: The ledger does not balance. The job says where.",
      "warn: 2 draws are in doubt, $5.25 not decided. The escrow is asked again.",
      "warn: 14 lines wait in quarantine. They could not be read; they are kept, and are not counted.",
    ]);
    expect(words({ quarantine: quarantine.slice(1) })).toEqual([]);
  });

  it("says since when the newest line that waits does, not one that became something", () => {
    const reason = { bytes: 9, rejected: 20, under_way: 0, oldest: null, lines: 3 };
    const quarantine = [
      { ...reason, reason: "not_utf8", waiting: 1, newest: "2026-11-22T14:20:00Z" },
      { ...reason, reason: "unknown_format", waiting: 0, newest: "2026-11-22T14:30:00Z" },
    ];
    expect(told({ quarantine })[0]?.at).toBe(Date.parse("2026-11-22T14:20:00Z"));
  });
});

describe("byGravity", () => {
  const concern = (key: string, severity: Concern["severity"], at: number | null): Concern => ({
    ...PLAIN,
    key,
    severity,
    at,
    lead: key,
  });

  it("puts the gravest first, then what is so now, then the latest", () => {
    const all = [
      concern("note", "note", 9),
      concern("early", "bad", 1),
      concern("late", "bad", 5),
      concern("warn", "warn", null),
      concern("now", "bad", null),
    ];
    expect(byGravity(all).map(({ key }) => key)).toEqual(["now", "late", "early", "warn", "note"]);
  });
});

describe("parts of it", () => {
  it.each([
    ["DOWN", true],
    ["DOWN 1/3", true],
    ["UP", false],
    ["UP 1/3", false],
    ["no check", false],
    ["MAINT", false],
  ])("%s", (status, expected) => {
    expect(isDown(status)).toBe(expected);
  });

  it.each([
    [[], 0],
    [[4], 4],
    [[3, 1], 2],
    [[9, 1, 5], 5],
  ])("median of %j", (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});
