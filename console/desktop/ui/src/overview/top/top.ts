// The customers that a ranking names, as rows.
import { type Counts, formatCount } from "@suiftly/ui";
import type { TopBy, TopCustomer, TopCustomers } from "@suiftly/ui/api/admin";

export type Ranking = "money" | "requests" | "errors" | "movers";

export const RANKINGS: readonly { readonly value: Ranking; readonly label: string }[] = [
  { value: "money", label: "Money" },
  { value: "requests", label: "Requests" },
  { value: "errors", label: "Errors" },
  { value: "movers", label: "Movers" },
];

/** Movers are those whose bill moves. */
export function orderOf(ranking: Ranking): TopBy {
  return ranking === "movers" ? "money" : ranking;
}

export interface TopRow {
  readonly customerId: number;
  /** Mean over the range; null before any of it has passed. */
  readonly perSecond: number | null;
  readonly microUsd: number;
  readonly counts: Counts;
  readonly change: Change;
  /** More of their requests ended in 5xx than is quiet. */
  readonly isFailing: boolean;
}

export interface Change {
  readonly text: string;
  /** The part of before that it is; null: there was nothing before. */
  readonly part: number | null;
  readonly isLarge: boolean;
}

const FAILING_PART = 0.01;
const FAILING_LEAST = 20;
/** A change by half or more is loud, as is going silent. */
const LARGE = 0.5;

export function topRows(answer: TopCustomers, ranking: Ranking): readonly TopRow[] {
  const to = Math.min(Date.parse(answer.to), Date.parse(answer.complete_to));
  const seconds = (to - Date.parse(answer.from)) / 1_000;
  const customers = ranking === "movers" ? answer.movers : answer.top;
  return customers.map((customer) => rowOf(customer, seconds));
}

function rowOf({ customer_id, counts, rated_micro_usd, ...value }: TopCustomer, seconds: number) {
  const { server_error, requests } = counts;
  return {
    customerId: customer_id,
    perSecond: seconds > 0 ? requests / seconds : null,
    microUsd: rated_micro_usd,
    counts,
    change: changeOf(value.value, value.value_before),
    isFailing: server_error >= FAILING_LEAST && server_error >= FAILING_PART * requests,
  };
}

/** "+3%", "−100%", "×12" where a percentage would say less, "new" where there was nothing. */
export function changeOf(now: number, before: number): Change {
  if (before === 0) return { text: now === 0 ? "0%" : "new", part: null, isLarge: now !== 0 };
  const part = now / before - 1;
  const percent = Math.round(part * 100);
  const sign = percent > 0 ? "+" : "";
  const text =
    percent < 1_000
      ? `${sign}${formatCount(percent)}%`
      : `×${formatCount(Math.round(now / before))}`;
  return { text, part, isLarge: Math.abs(part) >= LARGE };
}
