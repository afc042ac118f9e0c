import type { ChargeItem } from "@suiftly/ui/api/admin";
import { expect, test } from "vitest";
import { drawSums, drawWords, shortNonce } from "./draws";

function draw(change: Partial<ChargeItem>): ChargeItem {
  return {
    charge_id: 1,
    nonce: "4f20",
    kind: "threshold",
    month: "2026-11",
    amount_micro_usd: 5_010_000,
    state: "settled",
    attempts: 1,
    tx_digest: null,
    refusal: null,
    created_at: "2026-11-19T14:19:02Z",
    settled_at: null,
    ...change,
  };
}

test.each([
  ["settled", 1, "ok", "on chain"],
  ["settled", 2, "updating", "found again"],
  ["pending", 1, "updating", "being drawn"],
  ["in_doubt", 3, "config-needed", "in doubt"],
  ["refused", 1, "suspended", "refused"],
] as const)("%s after %i", (state, attempts, glyph, word) => {
  expect(drawWords({ state, attempts })).toEqual({ glyph, word });
});

test("sums say how far they reach", () => {
  const before = draw({ created_at: "2026-10-31T23:59:59Z" });
  const draws = [draw({ state: "in_doubt" }), draw({})];
  expect(drawSums([...draws, before], "2026-11", false)).toBe("2 this month, 1 in doubt");
  expect(drawSums(draws, "2026-11", false)).toBe("at least 2 this month, 1 in doubt");
  expect(drawSums(draws, "2026-11", true)).toBe("2 this month, 1 in doubt");
});

test("a nonce is known by its ends", () => {
  expect(shortNonce("4f20aabbccddeeff0011")).toBe("4f20…0011");
});
