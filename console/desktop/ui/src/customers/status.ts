// How a customer stands, in words: what an operator says of the account, and what the spend view says of the money.
import type { Status } from "@suiftly/ui";

export interface Standing {
  readonly glyph: Status;
  readonly word: string;
  /** Served as they asked to be. */
  readonly isQuiet: boolean;
}

const STANDINGS: Readonly<Record<string, Standing>> = {
  active: { glyph: "ok", word: "Active", isQuiet: true },
  monthly_limit: { glyph: "suspended", word: "At the limit", isQuiet: false },
  insufficient_balance: { glyph: "suspended", word: "Balance short", isQuiet: false },
  suspended: { glyph: "suspended", word: "Suspended", isQuiet: false },
  closed: { glyph: "disabled", word: "Closed", isQuiet: false },
};

/**
 * What an operator says comes first: the spend view hears of it a moment later. Where it still says less, the change is on
 * its way.
 */
export function standing(status: string, state: string | null): Standing {
  if (status !== "active") return known(status);
  if (state === "suspended" || state === "closed" || state === null) {
    return { glyph: "updating", word: "Active soon", isQuiet: false };
  }
  return known(state);
}

function known(word: string): Standing {
  const other: Standing = { glyph: "config-needed", word, isQuiet: false };
  return STANDINGS[word] ?? other;
}

/** "0x5090533922…9eb5" → "0x5090…9eb5" */
export function shortAddress(address: string): string {
  return address.length > 14 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address;
}

/** "enterprise" → "Enterprise" */
export function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
