// A customer's keys with what each may do by the vault in force, and what it did.
import { formatCount, type Status } from "@suiftly/ui";
import type { CustomerKey, GrantItem, KeyUse } from "@suiftly/ui/api/admin";

export interface KeyRow {
  readonly key: CustomerKey;
  /** null: the vault does not have it. */
  readonly grant: GrantItem | null;
  /** null: it was never used. */
  readonly use: KeyUse | null;
}

/** Those in use first, the latest used of them first; deleted ones are of the past. */
export function keyRows(
  keys: readonly CustomerKey[],
  grants: readonly GrantItem[],
  uses: readonly KeyUse[],
): readonly KeyRow[] {
  const grantOf = new Map(grants.map((grant) => [grant.api_key_fp, grant]));
  const useOf = new Map(uses.map((use) => [use.api_key_fp, use]));
  return keys
    .filter(({ state }) => state !== "deleted")
    .map((key) => ({
      key,
      grant: grantOf.get(key.api_key_fp) ?? null,
      use: useOf.get(key.api_key_fp) ?? null,
    }))
    .toSorted((a, b) => rank(a) - rank(b) || lastUsed(b) - lastUsed(a));
}

function rank({ key }: KeyRow): number {
  return key.state === "active" ? 0 : 1;
}

/** Unix time in ms, or 0. */
export function lastUsed({ key, use }: KeyRow): number {
  const at = use?.last_used_at ?? key.last_used_at;
  return at == null ? 0 : Date.parse(at);
}

export interface GrantWords {
  readonly glyph: Status;
  readonly word: string;
}

const REFUSED_FOR: Readonly<Record<string, string>> = {
  monthly_limit: "refused: at the limit",
  insufficient_balance: "refused: balance short",
  suspended: "refused: suspended",
  closed: "refused: closed",
};

/** What the gateways let it do now, whatever the database says of it. */
export function grantWords({ key, grant }: Pick<KeyRow, "key" | "grant">): GrantWords {
  if (grant === null) {
    return key.state === "active"
      ? { glyph: "updating", word: "not in the vault yet" }
      : { glyph: "disabled", word: "not in the vault" };
  }
  if (grant.is_usable) return { glyph: "ok", word: rateWords(grant) };
  if (grant.key_state !== "active") return { glyph: "suspended", word: "refused: revoked" };
  const { access } = grant;
  if (access == null) return { glyph: "suspended", word: "refused: no service" };
  if (!access.is_enabled) return { glyph: "suspended", word: "refused: service is off" };
  return { glyph: "suspended", word: REFUSED_FOR[access.state] ?? "refused" };
}

function rateWords({ access }: GrantItem): string {
  if (access == null) return "served";
  const rate = `${formatCount(access.guaranteed_per_second)} / s`;
  const bursts = access.burst_per_second > access.guaranteed_per_second;
  const listed = access.allowlist.length > 0 ? `, ${addresses(access.allowlist.length)}` : "";
  return `${rate}${bursts ? ", burst" : ""}${listed}`;
}

function addresses(count: number): string {
  return count === 1 ? "1 address" : `${count} addresses`;
}

/** What each service of theirs may do a second, by the vault: the grants of one service agree. */
export function rateOf(service: string, grants: readonly GrantItem[]): number | null {
  const grant = grants.find((of) => of.service === service && of.access != null);
  return grant?.access?.guaranteed_per_second ?? null;
}
