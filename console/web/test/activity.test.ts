import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { byDay, dayWords } from "../src/activity/days";
import { readActivitySearch } from "../src/activity/groups";
import { marked } from "../src/activity/notifications/acknowledge";
import { KNOWN_KINDS, say } from "../src/activity/notifications/words";
import { type Change, KNOWN_ACTIONS, tell } from "../src/activity/words";

/** What it reads as, in one line. */
function words(action: string, target: string | null, change: Record<string, unknown>): string {
  const { before, thing, after, changes } = tell({ action, target, change, is_own: true });
  const line = ({ what, from, to }: Change) =>
    `${what}: ${from === undefined ? "" : `${from} → `}${to}`;
  const sentence = [before, thing, after].filter(Boolean).join(" ");
  return [sentence, ...changes.map(line)].join(" | ");
}

const KEY = { key_id: 7, service: "seal", network: "mainnet", name: "Production" };
const TERMS = {
  tier: "pro",
  burst: true,
  extra_api_keys: 2,
  extra_seal_keys: 0,
  extra_packages: 0,
};

test.each([
  ["account.create", null, {}, "The account was made"],
  [
    "account.change",
    null,
    { changed: ["display_name", "alert_email"] },
    "The profile was changed | Changed: name, e-mail address for alerts",
  ],
  [
    "account.close",
    null,
    { services_ended: 2, keys_revoked: 3 },
    "You asked to close the account | Services ended: 2 | Keys revoked: 3",
  ],
  [
    "account.closed",
    null,
    { owed_micro_usd: 4_100_000 },
    "The account was closed | Still owed: $4.10",
  ],
  ["session.revoke_all", null, { sessions: 3 }, "All sessions were ended | Sessions: 3"],
  ["key.create", "SAECAGBC", KEY, "Seal key SAECAGBC… made | Name: Production | Network: mainnet"],
  ["key.reveal", "SAECAGBC", KEY, "Seal key SAECAGBC… revealed | Name: Production"],
  [
    "key.regenerate",
    "SNEWNEWN",
    { ...KEY, replaces: "SAECAGBC", replaced_until: "2026-11-22T14:32:07Z" },
    "Seal key SNEWNEWN… made in the place of SAECAGBC… | The old one works until: 22 Nov 14:32",
  ],
  [
    "key.rename",
    "SAECAGBC",
    { ...KEY, name: "my_key" },
    "Seal key SAECAGBC… renamed | Name: my_key",
  ],
  ["key.revoke", "SAECAGBC", { id: 7, from: "active", to: "revoked" }, "API key SAECAGBC… revoked"],
  [
    "seal_key.change",
    "seal key 3",
    { seal_key_id: 3, name: null, is_enabled: false },
    "Seal key 3 changed | In use: no",
  ],
  [
    "seal_package.add",
    `0x${"ab".repeat(32)}`,
    { name: "Game", seal_key_id: 3, package_id: 9 },
    "Package 0xababab…abab added | Name: Game",
  ],
  [
    "service.change",
    "grpc",
    { subscription: TERMS, charged_micro_usd: 15_000_000 },
    "gRPC changed | Tier: pro | Burst: yes | More API keys: 2 | Charged: $15.00",
  ],
  [
    "service.configure",
    "seal",
    { ip_allowlist: { from: [], to: ["203.0.113.0/24", "2001:db8::1"] } },
    "Seal configured | Allowlist: none → 203.0.113.0/24, 2001:db8::1",
  ],
  ["billing.deposit", "digest", { amount_usd_cents: 5_000 }, "$50.00 deposited to escrow"],
  ["billing.limit", "digest", { max_monthly_usd_cents: 150_000 }, "Monthly limit set to $1,500.00"],
  ["billing.limit", "digest", { max_monthly_usd_cents: 0 }, "Monthly limit removed"],
  [
    "alert.create",
    "4",
    { name: "Half", metric: "spend_percent", period: "month", threshold: 50 },
    "Alert “Half” made | Name: Half | Of: spend percent | Each: month | Threshold: 50%",
  ],
  [
    "webhook.create",
    "2",
    { origin: "https://a.example", events: ["alert", "key"] },
    "Webhook https://a.example made | Events: alert, key",
  ],
  ["webhook.test", "2", { delivery: 9 }, "Webhook 2 tested"],
  [
    "customer.limit",
    null,
    { from_usd_cents: 100_000, to_usd_cents: 0 },
    "Your monthly limit was changed | Limit: $1,000.00 → no limit",
  ],
  [
    "credit.grant",
    "promo-1",
    { amount_micro_usd: 5_000_000, memo: "late_figures", is_new: true },
    "A credit of $5.00 was given | For: late_figures",
  ],
  ["price_book.publish", "2", {}, "Price book: publish 2"],
  ["odd", null, { some_thing: 12_345 }, "Odd | Some thing: 12,345"],
])("%s of %j", (action, target, change, expected) => {
  expect(words(action, target, change)).toBe(expected);
});

describe("every action that is written into a customer's log has its words", () => {
  const ROOT = new URL("../../../", import.meta.url);
  const WRITTEN = /(?:record|tell|change_key|moved)\([^"]*"([a-z_]+\.[a-z_]+)"/g;
  /** Of operators' log alone: no customer is named with them. */
  const OPERATORS =
    /^(?:(?:operator|job|price_book|clock|quarantine|vault|log_format|program|secrets)\.|customer\.note$)/;
  const actions = new Set(
    ["schema/store/src", "api/src"]
      .flatMap((folder) => rustFiles(new URL(`${folder}/`, ROOT)))
      .flatMap((text) => [...text.matchAll(WRITTEN)].map(([, action]) => action ?? "")),
  );

  test.each([...actions].filter((action) => !OPERATORS.test(action)))("%s", (action) => {
    expect(KNOWN_ACTIONS).toContain(action);
  });

  test("and they are found", () => expect(actions.size).toBeGreaterThan(30));
});

function rustFiles(folder: URL): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".rs"))
    .map((name) => readFileSync(new URL(name, folder), "utf8"));
}

test.each([
  ["deposit", { amount_usd_cents: 5_000 }, "$50.00 arrived in your escrow"],
  [
    "monthly_limit",
    { month: "2026-11", max_monthly_usd_cents: 5_951 },
    "Your limit of $59.51 for November was reached",
  ],
  ["insufficient_balance", {}, "Your balance did not cover what you had used"],
  [
    "charge_refused",
    { amount_usd_cents: 500, month: "2026-11" },
    "A charge of $5.00 was refused by the escrow",
  ],
  [
    "delivery_dead",
    { channel: "webhook", webhook_id: 3 },
    "Webhook 3 did not take what it was told",
  ],
  ["alert_crossed", { name: "Half" }, "Alert “Half” was crossed"],
  ["something_new", {}, "Something new"],
])("a notification of %s", (kind, body, title) => {
  expect(say({ kind, body }).title).toBe(title);
});

test.each([
  [
    "monthly_limit",
    "Requests were refused with 403 until you raise the limit or the month is over.",
  ],
  [
    "insufficient_balance",
    "$0.41 was in escrow. Requests were refused with 403 until a deposit covers it; then they pass again within a second.",
  ],
])("%s says what happened then, not what is so now", (kind, text) => {
  const body = { month: "2026-11", max_monthly_usd_cents: 5_951, balance_usd_cents: 41 };
  expect(say({ kind, body }).text).toBe(text);
});

test.each([
  [
    { metric: "spend", value: 12_000_000, threshold: 10_000_000, of: "2026-11" },
    "Spending in 2026-11 was $12.00. The alert was set to $10.00.",
  ],
  [
    { metric: "spend_percent", value: 81, threshold: 80, of: "2026-11" },
    "Spending in 2026-11 was 81% of the limit. The alert was set to 80%.",
  ],
  [
    { metric: "balance_below", value: 900_000, threshold: 1_000_000 },
    "Your balance was $0.90. The alert was set to $1.00.",
  ],
  [
    { metric: "rejected", value: 1_200, threshold: 1_000, of: "2026-11-22", service: "grpc" },
    "1,200 rejected requests of gRPC in 2026-11-22. The alert was set to 1,000.",
  ],
])("an alert of %j", (body, text) => {
  expect(say({ kind: "alert_crossed", body }).text).toBe(text);
});

test("no kind breaks on a body without its figures", () => {
  for (const kind of KNOWN_KINDS)
    expect(say({ kind, body: {} }).title).not.toMatch(/undefined|null|NaN/);
  for (const action of KNOWN_ACTIONS)
    expect(words(action, null, {})).not.toMatch(/undefined|null|NaN/);
});

test("days, the latest first", () => {
  const at = (text: string) => Date.parse(text);
  const rows = ["2026-11-22T10:00:00Z", "2026-11-22T00:00:00Z", "2026-11-21T23:59:59Z"];
  const days = byDay(rows, at);
  expect(days.map(({ rows: of }) => of.length)).toEqual([2, 1]);
  const now = at("2026-11-22T13:00:00Z");
  expect(days.map(({ start }) => dayWords(start, now))).toEqual(["Today", "Yesterday"]);
  expect(dayWords(at("2026-11-19T00:00:00Z"), now)).toBe("Thu 19 Nov");
  expect(dayWords(at("2025-11-19T00:00:00Z"), now)).toBe("19 Nov 2025");
});

test.each([
  [{}, {}],
  [
    { group: "keys", by: "us" },
    { group: "keys", by: "us" },
  ],
  [{ group: "all", by: "all" }, {}],
  [{ group: "x", by: 3 }, {}],
])("the address %j", (given, expected) => expect(readActivitySearch(given)).toEqual(expected));

test("what is acknowledged stays where it is, and keeps its first time", () => {
  const item = (id: number, acknowledged_at: string | null) => ({
    id,
    acknowledged_at,
    severity: "info",
    kind: "deposit",
    body: {},
    created_at: "2026-11-22T10:00:00Z",
  });
  const pages = { pages: [{ items: [item(2, null), item(1, "then")] }], pageParams: [""] };
  const after = marked(pages, new Set([1, 2]), "now");
  expect(after.pages[0]?.items.map(({ acknowledged_at }) => acknowledged_at)).toEqual([
    "now",
    "then",
  ]);
});
