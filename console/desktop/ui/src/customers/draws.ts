// Draws from escrow in words.
import type { Status } from "@suiftly/ui";
import type { ChargeItem, ChargeState } from "@suiftly/ui/api/admin";

const STATES: Readonly<Record<ChargeState, readonly [Status, string]>> = {
  settled: ["ok", "on chain"],
  pending: ["updating", "being drawn"],
  in_doubt: ["config-needed", "in doubt"],
  refused: ["suspended", "refused"],
};

/** One that the escrow was asked for more than once, and drawn once: its nonce was found again. */
export function drawWords({ state, attempts }: Pick<ChargeItem, "state" | "attempts">) {
  const [glyph, word] = STATES[state];
  if (state === "settled" && attempts > 1)
    return { glyph: "updating" as const, word: "found again" };
  return { glyph, word };
}

/** "135 this month, 0 in doubt", as far as was read. */
export function drawSums(draws: readonly ChargeItem[], month: string, isWhole: boolean): string {
  const first = `${month}-01`;
  const mine = draws.filter(({ created_at }) => created_at >= first).length;
  const more = !isWhole && mine === draws.length ? "at least " : "";
  const doubt = draws.filter(({ state }) => state === "in_doubt").length;
  return `${more}${mine} this month, ${doubt} in doubt`;
}

export function shortNonce(nonce: string): string {
  return nonce.length > 12 ? `${nonce.slice(0, 4)}…${nonce.slice(-4)}` : nonce;
}
