import type { NotificationRow } from "@suiftly/ui/api/customer";
import { expect, test } from "vitest";
import { oneOfEach } from "../src/shell/notices/order";
import { toTell } from "../src/shell/notices/tellings";
import { conditionWord } from "../src/shell/notices/titleWord";

test("one of each severity, the worst first, and of each the one given first", () => {
  const notices = [
    { level: "info", id: 1 },
    { level: "warn", id: 2 },
    { level: "bad", id: 3 },
    { level: "bad", id: 4 },
    { level: "warn", id: 5 },
  ] as const;
  expect(oneOfEach(notices).map(({ id }) => id)).toEqual([3, 2, 1]);
  expect(oneOfEach([])).toEqual([]);
});

function told(id: number, kind: string, severity: string, acknowledged = false): NotificationRow {
  const at = "2026-11-22T14:31:58Z";
  return {
    id,
    kind,
    severity,
    body: {},
    created_at: at,
    acknowledged_at: acknowledged ? at : null,
  };
}

test.each([
  [
    "the latest of the most severe",
    [told(9, "renewal_failed", "warning"), told(8, "charge_refused", "critical")],
    8,
  ],
  [
    "the latest of those alike",
    [told(9, "renewal_failed", "warning"), told(8, "alert_crossed", "warning")],
    9,
  ],
  ["none that is known", [told(9, "renewal_failed", "warning", true)], null],
  ["none that is good to know alone", [told(9, "deposit", "info")], null],
  [
    "none that the account's state says by itself",
    [told(9, "monthly_limit", "warning"), told(8, "insufficient_balance", "critical")],
    null,
  ],
])("tells %s", (_what, rows, id) => {
  expect(toTell(rows)?.id ?? null).toBe(id);
});

test.each([
  [[], "live", null],
  [[], "waiting", null],
  [[], "late", "Behind"],
  [[], "stale", "Stopped"],
  [[{ is: "limit", since: null, limitCents: null }], "stale", "Suspended"],
  [[{ is: "config", service: "seal", missing: "" }, { is: "closed" }], "live", "Closed"],
  [[{ is: "closing", since: "" }], "late", "Behind"],
] as const)("the tab's word for %j, %s", (conditions, level, word) => {
  expect(conditionWord(conditions, level)).toBe(word);
});
