import { describe, expect, it } from "vitest";
import { changeWords, countWords, signCounts } from "./changes";

describe("changes in people’s terms", () => {
  const counts = [
    [{ issued: 1, stopped: 3, raised: 1 }, "3 stopped, 1 new, 1 raised"],
    [{}, "nobody’s access"],
    [{ resumed: 2, stopped: 0 }, "2 resumed"],
    [{ moon_full: 1, revoked: 1_204 }, "1,204 revoked, 1 moon full"],
  ] as const;
  it.each(counts)("%o", (of, words) => {
    expect(countWords({ counts: of })).toBe(words);
  });

  it("add up by sign", () => {
    const of = { issued: 1, stopped: 3, revoked: 2, raised: 1, moon_full: 4 };
    expect(signCounts({ counts: of })).toEqual({ "+": 1, "−": 5, "~": 5 });
  });

  const rows = [
    ["stopped", "active → monthly_limit", "−", "stopped", "month’s limit reached"],
    ["resumed", "insufficient_balance → active", "+", "resumed", "was: balance short"],
    [
      "stopped_otherwise",
      "monthly_limit → closed",
      "~",
      "still stopped",
      "month’s limit reached → account closed",
    ],
    ["raised", "50/100 → 1000/100 a second", "~", "limits raised", "50 → 1,000 / s"],
    [
      "lowered",
      "50/100 → 20/40 a second",
      "~",
      "limits lowered",
      "50 → 20 / s, burst 100 → 40 / s",
    ],
    ["allowlist", "0 → 2 entries", "~", "allowlist", "0 → 2 entries"],
    ["revoked", null, "−", "key revoked", null],
    ["moon_full", "x", "~", "moon full", "x"],
  ] as const;
  it.each(rows)("%s %s", (what, detail, sign, words, why) => {
    expect(changeWords({ what, detail })).toEqual({ sign, words, why });
  });
});
