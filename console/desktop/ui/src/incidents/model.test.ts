import type { InfraSeries, Series } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { draft, ofActs, ofMessages, ofRuns, ofStarts, within } from "./events";
import { fillingOf, lostIn, metrics, sayAll } from "./metrics";
import { spanOf, timesOf } from "./span";

const NOW = Date.parse("2026-11-22T22:30:30Z");

describe("the span", () => {
  const cases = [
    [undefined, undefined, "-1h", "minute", 61],
    ["-6h", undefined, "-6h", "five_minutes", 73],
    ["-7d", undefined, "-7d", "hour", 169],
    ["2026-11-22T20:00:10Z", "2026-11-22T20:10:00Z", null, "minute", 10],
    ["2026-11-22T20:00:10Z", "nonsense", "-1h", "minute", 61],
  ] as const;
  it.each(cases)("%s to %s", (from, to, range, bucket, count) => {
    const span = spanOf(from, to, NOW);
    expect([span.range, span.bucket, timesOf(span).length]).toEqual([range, bucket, count]);
    expect(span.from % span.step).toBe(0);
  });
});

it("loss is known where the window saw both ends", () => {
  const at = (minute: number, lost: number) => ({
    at: minute * 60_000,
    missing: new Map([[17, lost]]),
  });
  const losses = [at(5, 2), at(6, 2), at(7, 9)];
  expect(
    [4, 5, 6, 7].map((minute) => lostIn(losses, minute * 60_000, (minute + 1) * 60_000)),
  ).toEqual([null, 0, 7, null]);
});

describe("the bucket that still fills", () => {
  it.each([
    [null, null],
    [0, null],
    [60_000, null],
    [61_000, 1],
    [119_999, 1],
    [120_000, null],
    [500_000, null],
  ])("where what is complete ends at %s is %s", (end, at) => {
    expect(fillingOf([0, 60_000], 60_000, end)).toBe(at);
  });

  it("has its figures, said to be so far; what comes after is not known", () => {
    const span = { from: 0, to: 180_000, bucket: "minute", step: 60_000, range: null } as const;
    const usage = {
      from: new Date(0).toISOString(),
      complete_to: new Date(90_000).toISOString(),
      points: [{ start: new Date(60_000).toISOString(), counts: { server_error: 3 } }],
    } as unknown as Series;
    const infra = { ...usage, points: [] } as unknown as InfraSeries;
    const measured = metrics(span, infra, usage, []);
    expect(measured.filling).toBe(1);
    expect(measured.of.find(({ key }) => key === "errors")?.values).toEqual([0, 3, null]);
    expect(sayAll(measured, 1)).toMatch(/Server errors 3 .* · so far$/);
    expect(sayAll(measured, 0)).not.toContain("so far");
  });
});

describe("events", () => {
  const item = {
    actor_kind: "operator",
    actor: "ops@fra",
    customer_id: null,
    target: null,
    address: null,
  };
  const acts = ofActs([
    {
      ...item,
      id: 1,
      at: "2026-11-22T22:10:00Z",
      action: "vault.freeze",
      change: { reason: "a leak" },
    },
    {
      ...item,
      id: 2,
      at: "2026-11-22T22:12:00Z",
      action: "customer.suspend",
      change: {},
      customer_id: 7,
    },
  ]);
  const logs = ofMessages(
    [
      {
        timestamp: "2026-11-22T22:11:00Z",
        message: "backend b has no server available!",
        server_id: 33,
        count: 1,
      },
    ],
    (id) => `gw${id}`,
  );

  it("have their lane, weight and words", () => {
    expect(acts[0]).toMatchObject({
      lane: "vault",
      weight: "warn",
      words: "ops@fra froze the vault: a leak",
    });
    expect(acts[1]).toMatchObject({ lane: "people", place: { to: "/customers/7" } });
    expect(logs[0]).toMatchObject({
      lane: "gateways",
      weight: "bad",
      words: "gw33: b has no server left: every request to it gets 503",
    });
  });

  it("of the program say the version that was started", () => {
    const start = { ...item, actor_kind: "system", actor: "up", action: "program.start" };
    const at = "2026-11-22T22:14:00Z";
    expect(ofStarts([{ ...start, id: 9, at, target: "0.1.0", change: {} }])).toMatchObject([
      { id: "start 9", at: Date.parse(at), lane: "system", words: "Suiftly 0.1.0 started" },
    ]);
  });

  it("lead to what was acted on", () => {
    const of = (action: string) =>
      ofActs([{ ...item, id: 3, at: "2026-11-22T22:14:00Z", action, change: {} }])[0]?.place.to;
    const actions = ["quarantine.replay", "log_format.publish", "job.run", "vault.push", "x.y"];
    expect(actions.map(of)).toEqual(["/quarantine", "/quarantine", "/jobs", "/fleet", "/"]);
  });

  it("of jobs are those that failed", () => {
    const run = { id: 1, holder: "x", started_at: "2026-11-22T22:00:00Z", ended_at: null };
    const outcomes = ["done", "failed", "abandoned", null].map((outcome, id) => ({
      ...run,
      id,
      outcome,
    }));
    expect(ofRuns("notes", outcomes).map(({ words }) => words)).toEqual([
      "The job notes failed",
      "The job notes was abandoned",
    ]);
  });

  it("become a draft from the first on", () => {
    const [from, to] = [Date.parse("2026-11-22T22:10:00Z"), Date.parse("2026-11-22T22:11:30Z")];
    expect(within([...acts, ...logs], from, to).map(({ id }) => id)).toEqual([
      logs[0]?.id,
      "act 1",
    ]);
    expect(draft([...acts, ...logs], from, to).split("\n")).toEqual([
      "What happened, 2026-11-22 22:10:00 to 2026-11-22 22:11:30 UTC",
      "",
      "2026-11-22 22:10:00  ops@fra froze the vault: a leak.",
      "2026-11-22 22:11:00  gw33: b has no server left: every request to it gets 503.",
      "",
    ]);
    expect(draft([], from, to)).toContain("Nothing was told");
  });
});
