// What the page says of keys and slots, as whole sentences.
import {
  formatAgo,
  formatDay,
  formatMinute,
  formatUsd,
  HOUR_MS,
  MINUTE_MS,
  type Problem,
} from "@suiftly/ui";
import type { KeyView, NetworkWord, ServiceView } from "@suiftly/ui/api/customer";

export const NETWORK_NAMES: Record<NetworkWord, string> = {
  mainnet: "Mainnet",
  testnet: "Testnet",
};

/** One that is newer than this page by its own word. */
export function networkName(word: string): string {
  return word === "mainnet" || word === "testnet" ? NETWORK_NAMES[word] : word;
}

/** "SAECAGBC…": as much of a key as may stand anywhere. */
export function shortKey({ prefix }: Pick<KeyView, "prefix">): string {
  return `${prefix}…`;
}

/** "4 of 10 · 2 included, 2 at $1.00 a month each" */
export function slotWords({ api_keys, offer }: Pick<ServiceView, "api_keys" | "offer">): string {
  const { used, allowed } = api_keys;
  const { api_keys: included, api_keys_max: max } = offer.included;
  const price = formatUsd(offer.add_ons.api_key_micro_usd);
  const extra = Math.max(0, used - included);
  const of = `${used} of ${allowed} slots`;
  if (used === 0) return `${of} · ${included} included, up to ${max} at ${price} a month each`;
  if (extra > 0) return `${of} · ${included} included, ${extra} at ${price} a month each`;
  return used === 1 ? `${of} · included` : `${of} · all included`;
}

/** How a replaced key ends. */
export type Overlap = "none" | "hour" | "day" | "custom";

export const OVERLAP_HOURS_MAX = 7 * 24;

export function overlapHours(overlap: Overlap, customHours: number): number {
  switch (overlap) {
    case "none":
      return 0;
    case "hour":
      return 1;
    case "day":
      return 24;
    case "custom":
      return customHours;
  }
}

/** What replacing a key does, before it is done. */
export function overlapEffect(key: Pick<KeyView, "prefix">, hours: number, now: number): string {
  if (hours === 0) {
    return `${shortKey(key)} stops at every gateway within a second. Whatever still sends it is refused until it has the new key.`;
  }
  const until = untilWords(now + hours * HOUR_MS, now);
  return `Both keys work until ${until}, in ${hoursWords(hours)}. Then ${shortKey(key)} is refused. It takes no slot of its own meanwhile.`;
}

/** 1 → "1 hour", 50 → "2 days 2 hours" */
export function hoursWords(hours: number): string {
  const [days, rest] = [Math.floor(hours / 24), hours % 24];
  const parts = [days > 0 && plural(days, "day"), rest > 0 && plural(rest, "hour")];
  return parts.filter(Boolean).join(" ");
}

/** "14:32" today, else "24 Nov 14:32" */
export function untilWords(at: number, now: number): string {
  const sameDay = formatDay(at) === formatDay(now);
  return sameDay ? formatMinute(at) : `${formatDay(at)} ${formatMinute(at)}`;
}

/** "59 min left", "3 h 5 min left", "6 d 4 h left" */
export function leftWords(at: number, now: number): string {
  const minutes = Math.max(0, Math.ceil((at - now) / MINUTE_MS));
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24)
    return minutes % 60 === 0 ? `${hours} h left` : `${hours} h ${minutes % 60} min left`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d left` : `${days} d ${hours % 24} h left`;
}

/** When it was last used, as the column says it. */
export function lastUsedWords({ usage }: Pick<KeyView, "usage">, now: number): string | null {
  if (usage === null) return null;
  return usage.last_used_at === null ? "Never" : formatAgo(Date.parse(usage.last_used_at), now);
}

function plural(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}

const REFUSALS: Record<string, string> = {
  key_limit_reached: "No slot is free. Delete a revoked key, or book one more slot.",
  key_overlapping: "The key that it replaced still works. Revoke that one first.",
  key_replaced: "Another key has replaced it. Regenerate that one instead.",
  key_not_kept: "It was made before keys were kept, so it cannot be shown. Regenerate it.",
  account_not_active: "Your account is not active: no key can be made or enabled.",
  insufficient_balance: "Your escrow does not cover it.",
  monthly_limit_exceeded: "It would go over your monthly limit.",
  quote_changed: "The price is another by now. Try again to see it.",
};

/** What was refused, in this page's words where it has any. */
export function refused(problem: Problem): Problem {
  return { ...problem, title: REFUSALS[problem.code] ?? problem.title };
}
