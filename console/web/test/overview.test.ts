// The overview's rules: what needs the customer, the first steps, rates and buckets.
import { NO_COUNTS } from "@suiftly/ui";
import type { Account, Billing, ServiceView } from "@suiftly/ui/api/customer";
import { describe, expect, it } from "vitest";
import { bucketsOf } from "../src/app/buckets";
import { lastDay, sparkValues } from "../src/overview/grid";
import { ratePerSecond } from "../src/overview/rate";
import { overviewSearch } from "../src/overview/search";
import { firstSteps } from "../src/overview/steps";
import { conditionsOf } from "../src/shell/notices/conditions";

const NOW = "2026-11-22T12:00:00Z";

function money(part: Partial<Billing>): Billing {
  const known: Partial<Billing> = {
    complete_to: NOW,
    state: "active",
    state_since: null,
    balance_usd_cents: 10_000,
    lasts_until: null,
    short_micro_usd: 0,
    resume_deposit_usd_cents: null,
  };
  return { ...known, ...part } as Billing;
}

function service(part: Partial<ServiceView>): ServiceView {
  const known: Partial<ServiceView> = {
    service: "seal",
    state: "enabled",
    status: "ok",
    status_detail: null,
    active_api_keys: 1,
  };
  return { ...known, ...part } as ServiceView;
}

const OPEN = { status: "active", closing_at: null } as Account;
const NEVER = service({ state: "never_enabled", status: "disabled", active_api_keys: 0 });

describe("what needs the customer", () => {
  it.each<[string, Partial<Billing>, Partial<ServiceView>, readonly string[]]>([
    ["all is well", {}, {}, []],
    ["the balance fell short", { state: "insufficient_balance" }, {}, ["short"]],
    ["the limit is reached", { state: "monthly_limit" }, {}, ["limit"]],
    ["an operator's act", { state: "suspended" }, {}, ["suspended"]],
    ["closed", { state: "closed" }, {}, ["closed"]],
    ["nothing is known yet", { state: null }, {}, []],
    ["nothing serves, so nothing is suspended", { state: "insufficient_balance" }, NEVER, []],
    ["short of the forecast", runsOut("2026-11-29T00:00:00Z", 24_700_000), {}, ["runs-out"]],
    [
      "enough for this month, not for the 1st",
      runsOut("2026-11-28T00:00:00Z", 0),
      {},
      ["runs-out"],
    ],
    ["time enough", runsOut("2026-12-20T00:00:00Z", 0), {}, []],
    ["down", {}, { status: "down" }, ["down"]],
    ["something is missing", {}, { status: "config_needed" }, ["config"]],
    [
      "the most severe first",
      { state: "suspended" },
      { status: "config_needed" },
      ["suspended", "config"],
    ],
  ])("%s", (_, part, one, expected) => {
    const found = conditionsOf(money(part), OPEN, [service(one)]);
    expect(found.map(({ is }) => is)).toEqual(expected);
  });

  function runsOut(lasts_until: string, short_micro_usd: number): Partial<Billing> {
    return { lasts_until, short_micro_usd };
  }

  it("says that the account is being closed until it is closed", () => {
    const closing = { ...OPEN, closing_at: NOW };
    expect(conditionsOf(money({}), closing, [])).toEqual([{ is: "closing", since: NOW }]);
    expect(conditionsOf(money({}), { ...closing, status: "closed" }, [])).toEqual([]);
  });

  it("says nothing of what has not been answered", () => {
    expect(conditionsOf(undefined, undefined, undefined)).toEqual([]);
  });
});

describe("first steps", () => {
  it.each<[string, Partial<Billing>, Partial<ServiceView>, number, string | null]>([
    ["new", { balance_usd_cents: 0 }, NEVER, 0, "deposit"],
    ["funded", {}, NEVER, 0, "enable"],
    ["enabled, all of it spent", { balance_usd_cents: 0 }, { active_api_keys: 0 }, 0, "key"],
    ["has a key", {}, {}, 0, "call"],
    ["has called", {}, {}, 1, null],
    ["had a service once", {}, { state: "disabled" }, 0, null],
  ])("%s", (_, part, one, requests, next) => {
    const steps = firstSteps({ money: money(part), services: [service(one)], requests });
    expect(steps?.find(({ state }) => state === "next")?.name ?? null).toBe(next);
  });

  it("knows what is done and what is to come", () => {
    const steps = firstSteps({ money: money({}), services: [NEVER], requests: 0 });
    expect(steps?.map(({ state }) => state)).toEqual(["done", "next", "later", "later"]);
  });
});

describe("requests a second between two answers", () => {
  const at = (complete_to: string, requests: number, from = "2026-11-21T13:00:00Z") => ({
    complete_to,
    from,
    counts: { requests },
  });
  const before = at("2026-11-22T12:00:00Z", 100);
  it.each([
    ["five seconds", at("2026-11-22T12:00:05Z", 150), 10],
    ["none came", at("2026-11-22T12:00:05Z", 100), 0],
    ["the window moved on", at("2026-11-22T12:00:05Z", 150, "2026-11-21T14:00:00Z"), null],
    ["too far apart", at("2026-11-22T12:05:00Z", 150), null],
    ["the same moment", at("2026-11-22T12:00:00Z", 100), null],
    ["corrected downwards", at("2026-11-22T12:00:05Z", 90), null],
  ])("%s", (_, after, expected) => {
    expect(ratePerSecond(before, after)).toBe(expected);
  });
  it("needs two", () => expect(ratePerSecond(undefined, before)).toBeNull());
});

describe("buckets", () => {
  const MINUTE = 60_000;
  const counts = (requests: number) => ({ ...NO_COUNTS, requests });
  const series = {
    from: "2026-11-22T11:00:00Z",
    to: "2026-11-22T12:00:00Z",
    complete_to: "2026-11-22T11:20:00Z",
    points: [
      { start: "2026-11-22T11:00:00Z", counts: counts(1) },
      { start: "2026-11-22T11:10:00Z", counts: counts(2) },
      { start: "2026-11-22T11:15:00Z", counts: counts(4) },
    ],
  };

  it("are all there, each with how true it is", () => {
    const buckets = bucketsOf(series, 15 * MINUTE);
    expect(buckets.map((one) => [one.counts.requests, one.truth])).toEqual([
      [3, "final"],
      [4, "filling"],
      [0, "unknown"],
      [0, "unknown"],
    ]);
  });

  it("end with the one that is now", () => {
    const { from, to } = lastDay(Date.parse("2026-11-22T12:07:00Z"), 15 * MINUTE, 96 * 15 * MINUTE);
    expect(new Date(to).toISOString()).toBe("2026-11-22T12:15:00.000Z");
    expect(new Date(from).toISOString()).toBe("2026-11-21T12:15:00.000Z");
  });

  it("leave the running one out of a spark line, unless it is all there is", () => {
    const [whole, running] = bucketsOf(series, 15 * MINUTE);
    const empty = { ...whole, counts: NO_COUNTS } as NonNullable<typeof whole>;
    expect(sparkValues([whole, running].filter((one) => one !== undefined))).toEqual([3]);
    expect(sparkValues([empty, running].filter((one) => one !== undefined))).toEqual([0, 4]);
  });
});

it.each([
  [{ traffic: "24h" }, { traffic: "24h" }],
  [{ traffic: "24h-hours" }, { traffic: "24h-hours" }],
  [{ traffic: "60m" }, {}],
  [{ traffic: 7, else: "x" }, {}],
])("the address %o is read as %o", (search, expected) => {
  expect(overviewSearch(search)).toEqual(expected);
});
