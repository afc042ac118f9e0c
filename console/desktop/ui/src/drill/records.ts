// Raw records counted by group, put together out of what the API counts one by one.
import type { RecordGroup, RecordLabels, RecordSummary } from "@suiftly/ui/api/admin";

export type { RecordLabels } from "@suiftly/ui/api/admin";

export interface CountedGroup {
  readonly group: RecordLabels;
  readonly requests: number;
  readonly lastAt: number;
}

export interface Counted {
  readonly requests: number;
  readonly customers: number;
  readonly notBilledMicroUsd: number;
  /** Those with the most requests first. */
  readonly groups: readonly CountedGroup[];
  /** Groups that are not among them. */
  readonly leftOut: number;
}

/** Sums of what was asked for, less what has to be taken off again. */
export function combine(plus: readonly RecordSummary[], minus: readonly RecordSummary[]): Counted {
  const groups = new Map<string, CountedGroup>();
  for (const { groups: some } of plus) for (const group of some) add(groups, group, 1);
  for (const { groups: some } of minus) for (const group of some) add(groups, group, -1);
  const kept = [...groups.values()].filter(({ requests }) => requests > 0);
  const sum = (of: (summary: RecordSummary) => number) =>
    plus.reduce((all, summary) => all + of(summary), 0) -
    minus.reduce((all, summary) => all + of(summary), 0);
  const single = minus.length === 0 && plus.length === 1 ? plus[0] : undefined;
  return {
    requests: sum(({ requests }) => requests),
    // Who is in several sums is one customer.
    customers: single?.customers ?? distinctCustomers(kept),
    notBilledMicroUsd: sum(({ not_billed_micro_usd }) => not_billed_micro_usd),
    groups: kept.sort((a, b) => b.requests - a.requests),
    leftOut: plus.reduce((most, { groups_left_out }) => Math.max(most, groups_left_out), 0),
  };
}

function add(
  groups: Map<string, CountedGroup>,
  { group, requests, last_at }: RecordGroup,
  sign: 1 | -1,
) {
  const key = JSON.stringify(Object.entries(group).sort());
  const before = groups.get(key);
  groups.set(key, {
    group,
    requests: (before?.requests ?? 0) + sign * requests,
    lastAt: Math.max(before?.lastAt ?? 0, sign > 0 ? Date.parse(last_at) : 0),
  });
}

function distinctCustomers(groups: readonly CountedGroup[]): number {
  return new Set(groups.flatMap(({ group }) => group.customer_id ?? [])).size;
}
