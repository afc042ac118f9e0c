import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { NOTICE_KINDS, noticeWords } from "./notices";

const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));
const CRATES = ["api/src", "api/settlement/src", "api/notify/src", "schema/store/src", "src"];

/** A kind as the server's sources write it. */
const KINDS = [
  /\bkind: "([a-z_]+)"/g,
  /Severity::\w+, "([a-z_]+)"/g,
  /\("([a-z_]+)", Severity::\w+\)/g,
  /'(?:info|warning|critical)', '([a-z_]+)'/g,
  /\.differ\("\w+", "([a-z_]+)"/g,
  /\bcritical\(.*, "([a-z_]+)", body\)/g,
  /Standing::\w+ => "(edge_[a-z]+)"/g,
  /Self::\w+(?:\(_\))? => "(sui_[a-z]+)"/g,
];
/** A source that makes a notification: built, or inserted. */
const MAKES = /(?<!struct )\bNotice \{ ?(?:key|$)|INSERT INTO notifications/m;

function sources(): readonly { readonly path: string; readonly kinds: readonly string[] }[] {
  const paths = CRATES.flatMap((crate) =>
    readdirSync(join(ROOT, crate), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".rs"))
      .map((path) => join(crate, path)),
  );
  return paths.flatMap((path) => {
    const [code = ""] = readFileSync(join(ROOT, path), "utf8").split("\n#[cfg(test)]");
    if (!MAKES.test(code)) return [];
    const kinds = KINDS.flatMap((kind) => [...code.matchAll(kind)].map(([, word = ""]) => word));
    return [{ path, kinds }];
  });
}

describe("kinds of the server’s sources", () => {
  const found = sources();
  const kinds = new Set(found.flatMap((source) => source.kinds));

  it("are found where notifications are made", () => {
    const told = found.filter(({ path }) => !path.endsWith("money/notices.rs"));
    expect(told.length).toBeGreaterThanOrEqual(10);
    // Handed on by these: their kinds stand in the sources that call them, or in a word beside.
    const silent = told.filter((source) => source.kinds.length === 0).map(({ path }) => path);
    expect(silent).toEqual([]);
  });

  it("have words, each", () => {
    expect([...kinds].filter((kind) => !NOTICE_KINDS.includes(kind))).toEqual([]);
  });

  it("are all that has words", () => {
    expect(NOTICE_KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
  });
});

describe("words", () => {
  const cases = [
    ["deposit", { amount_usd_cents: 5000 }, "$50.00 was deposited", "escrow"],
    ["insufficient_balance", { balance_usd_cents: 31 }, "The balance fell short", "$0.31 is left"],
    [
      "monthly_limit",
      { max_monthly_usd_cents: 147_314, month: "2026-11" },
      "The month’s limit is reached",
      "the $1,473.14 of November 2026",
    ],
    [
      "alert_crossed",
      { name: "Most", metric: "spend_percent", period: "month", value: 99, threshold: 80 },
      "Their alert “Most” was crossed",
      "Spend came to 99% of their limit; they wanted to know from 80% of their limit in a month on.",
    ],
    [
      "alert_crossed",
      { name: "Low", metric: "balance_below", value: 4_100_000, threshold: 5_000_000 },
      "Their alert “Low” was crossed",
      "The balance is $4.10, below $5.00.",
    ],
    [
      "charge_refused",
      {
        amount_usd_cents: 100,
        month: "2026-11",
        cause: "limit",
        failures: 3,
        next_at: "2026-11-22T12:04:00Z",
      },
      "The escrow refused to give $1.00",
      "Limit. 3 times in a row. It was for November 2026. The next try is at 12:04:00.",
    ],
    [
      "escrow_changed",
      { event: "house::OperatorNamed", digest: "EvK2:0", contents: "00" },
      "The escrow contract was changed by its admin",
      "It says house::OperatorNamed. The transaction is EvK2.",
    ],
    [
      "sui_nodes",
      { why: "nodes a and b contradict each other" },
      "The nodes of Sui are not believed",
      "Nodes a and b contradict each other.",
    ],
    [
      "sui_events",
      { why: "the nodes begin at checkpoint 9, and 5 is next" },
      "The escrow’s events on Sui cannot be followed",
      "The nodes begin at checkpoint 9, and 5 is next.",
    ],
    [
      "sui_operator",
      { why: "transaction Ev came to nothing" },
      "The operator’s transactions on Sui come to nothing",
      "Transaction Ev came to nothing.",
    ],
    [
      "edge_behind",
      { edge: "sin-2", since: "2026-11-22T12:00:00Z", version: 18_441 },
      "sin-2 is behind the vault",
      "Since 12:00:00. It enforces an older version, v18,441.",
    ],
    [
      "disk_full",
      { path: "/var/lib/suiftly", free_percent: 3, time_to_full_s: 7_200 },
      "The disk of /var/lib/suiftly is nearly full",
      "3 % of it is free. As it fills, nothing is left in 2 h.",
    ],
    [
      "vault_refused",
      { edge: "sin-2", version: null, reason: "the signature is not of a key that is trusted" },
      "sin-2 refused a version of the vault",
      "The signature is not of a key that is trusted. It keeps",
    ],
    [
      "canary_back",
      { server_id: 17, since: "2026-11-22T12:00:00Z", ended_at: "2026-11-22T12:01:00Z" },
      "Gateway 17 comes through again",
      "from 12:00:00 to 12:01:00",
    ],
    [
      "ledger_differs",
      { differences: 1, first: [{ account: "escrow" }] },
      "The ledger differs from what is kept beside it in 1 place",
      'The first: {"account":"escrow"}',
    ],
  ] as const;
  it.each(cases)("%s", (kind, body, title, detail) => {
    const words = noticeWords({ kind, body, created_at: "2026-11-22T12:02:00Z", customer_id: 7 });
    expect(words.title).toBe(title);
    expect(words.detail).toContain(detail);
  });

  it.each([
    ["monthly_limit", ["On Sui only they can", "elsewhere you may"]],
    ["sui_operator", ["Out of gas", "Not an operator", "issuer paused it", "denies an address"]],
  ])("%s says what to do in each case", (kind, parts) => {
    const { todo } = noticeWords({ kind, body: {} });
    for (const part of parts) expect(todo).toContain(part);
  });

  it.each(NOTICE_KINDS)("%s stands without its figures", (kind) => {
    const words = noticeWords({ kind, body: {} });
    expect(`${words.title} ${words.detail} ${words.todo}`).not.toMatch(
      /undefined|NaN|null null|Invalid/,
    );
    expect(words.title.length).toBeGreaterThan(8);
  });

  it("of a kind that is not known are its own", () => {
    const words = noticeWords({ kind: "moon_is_full", body: {}, customer_id: 7 });
    expect(words.title).toBe("Moon is full");
    expect(words.place?.to).toBe("/customers/7");
  });
});
