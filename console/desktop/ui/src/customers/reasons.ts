// Why a customer may spend, or may not: each state of the spend view with how far away it is. The first that holds
// decides, in the order operator, limit, balance.
import { formatUsd } from "@suiftly/ui";
import type { MonthFigures } from "./month";

export interface Reason {
  readonly state: string;
  readonly word: string;
  readonly holds: boolean;
  /** How far away it is; of the one that holds, since when. */
  readonly away: string;
}

export function reasons(
  state: string | null,
  { used, limit, balance, accrued }: MonthFigures,
  since: string | null,
): readonly Reason[] {
  const away: Readonly<Record<string, string>> = {
    active: "",
    monthly_limit: limit === null ? "no limit" : distance(limit - used),
    insufficient_balance: distance(balance - accrued),
    suspended: "by an operator",
    closed: "",
  };
  return Object.entries(WORDS).map(([of, word]) => {
    const holds = of === state;
    return { state: of, word, holds, away: holds ? (since ?? "") : (away[of] ?? "") };
  });
}

const WORDS: Readonly<Record<string, string>> = {
  active: "active",
  monthly_limit: "monthly limit",
  insufficient_balance: "insufficient balance",
  suspended: "suspended",
  closed: "closed",
};

function distance(microUsd: number): string {
  return microUsd <= 0 ? "reached" : `${formatUsd(microUsd)} away`;
}
