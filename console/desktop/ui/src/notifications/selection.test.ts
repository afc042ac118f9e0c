import type { NoticeItem } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { countBySeverity, nextAfter, shownNotices, targets } from "./selection";

function notice(id: number, severity: string, acknowledged_at: string | null = null): NoticeItem {
  return {
    id,
    key: `k${id}`,
    severity,
    kind: "deposit",
    body: {},
    created_at: "2026-11-22T22:00:00Z",
    acknowledged_at,
  };
}

const ITEMS = [
  notice(9, "info"),
  notice(8, "warning", "2026-11-22T22:05:00Z"),
  notice(7, "critical"),
  notice(6, "warning"),
];
const ids = (items: readonly NoticeItem[]) => items.map(({ id }) => id);

describe("notifications", () => {
  it("that are open have the gravest first", () => {
    expect(ids(shownNotices(ITEMS, null, false))).toEqual([7, 8, 6, 9]);
  });
  it("of the history have the latest first", () => {
    expect(ids(shownNotices(ITEMS, null, true))).toEqual([9, 8, 7, 6]);
    expect(ids(shownNotices(ITEMS, "warning", true))).toEqual([8, 6]);
  });
  it("are counted", () => {
    expect(countBySeverity(ITEMS)).toEqual({ critical: 1, warning: 2, info: 1 });
  });

  const acts = [
    [[], 7, [7]],
    [[], 8, []],
    [[], null, []],
    [[9, 6], 7, [9, 6]],
    [[8], 7, [7]],
  ] as const;
  it.each(acts)("marked %o, at %s: acts on %o", (marked, current, expected) => {
    expect(targets(ITEMS, new Set(marked), current)).toEqual(expected);
  });

  const after = [
    [[7], 6],
    [[9], 8],
    [[6], 7],
    [[7, 6], 8],
    [[9, 8, 7, 6], null],
  ] as const;
  it.each(after)("after %o comes %s", (gone, next) => {
    expect(nextAfter(ITEMS, gone)).toBe(next);
  });
});
