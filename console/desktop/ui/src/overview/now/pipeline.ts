// What is wrong with the lines themselves, and with the money they become.
import { formatCount, formatDuration, formatUsd, type Pipeline } from "@suiftly/ui";
import type { BillingStanding, QuarantineReason } from "@suiftly/ui/api/admin";
import {
  FRONTIER_BOUND_MS,
  LAG_BOUND_MS,
  LOSS_BOUND_PPM,
  SYNC_BOUND_MS,
} from "../../model/figures";
import { formatPpm } from "../../model/format";
import { linesWaiting } from "../../quarantine/waiting";
import { type Concern, PLAIN } from "./concern";

export function pipelineConcerns(pipeline: Pipeline): readonly Concern[] {
  const { loss, journal, lag_ms, frontier_age_ms, udp_kernel_drops, lines } = pipeline;
  const lines_ = { ...PLAIN, goes: { to: "/lines" } } as const;
  const found: (Concern | false)[] = [
    journal.error != null && {
      ...lines_,
      key: "journal",
      severity: "bad",
      lead: "The journal cannot be written.",
      rest: `Nothing is accepted until it can: ${journal.error}`,
    },
    loss.missing > 0 && {
      ...lines_,
      key: "loss",
      severity: loss.ppm > LOSS_BOUND_PPM ? "bad" : "warn",
      lead: `${formatCount(loss.missing)} ${loss.missing === 1 ? "line is" : "lines are"} missing,`,
      rest: `${formatPpm(loss.ppm)} ppm of those sent. What did not arrive is not billed.`,
    },
    lines.conflicts > 0 && {
      ...lines_,
      key: "conflicts",
      severity: "warn",
      lead: `${formatCount(lines.conflicts)} lines came twice with different bodies.`,
      rest: "The first of each is counted.",
    },
    udp_kernel_drops > 0 && {
      ...lines_,
      key: "drops",
      severity: "warn",
      lead: `The kernel dropped ${formatCount(udp_kernel_drops)} datagrams`,
      rest: "before they were read.",
    },
    lag_ms.p99 > LAG_BOUND_MS && {
      ...lines_,
      key: "lag",
      severity: "warn",
      lead: `Lines are counted ${formatDuration(lag_ms.p99)} after they come,`,
      rest: `p99; ${formatDuration(LAG_BOUND_MS)} is the bound.`,
    },
    frontier_age_ms > FRONTIER_BOUND_MS && {
      ...lines_,
      key: "frontier",
      severity: "warn",
      lead: `The oldest line not counted yet is ${formatDuration(frontier_age_ms)} old;`,
      rest: `${formatDuration(FRONTIER_BOUND_MS)} is the bound.`,
    },
    journal.sync_p99_ms > SYNC_BOUND_MS && {
      ...lines_,
      key: "sync",
      severity: "note",
      lead: `Syncing the journal takes ${formatDuration(journal.sync_p99_ms)}, p99;`,
      rest: `${formatDuration(SYNC_BOUND_MS)} is the bound.`,
    },
  ];
  return found.filter((concern) => concern !== false);
}

export function quarantineConcern(reasons: readonly QuarantineReason[]): readonly Concern[] {
  const waiting = linesWaiting(reasons);
  if (waiting === 0) return [];
  const waited = reasons.filter((reason) => reason.waiting > 0);
  const newest = Math.max(...waited.flatMap((reason) => Date.parse(reason.newest ?? "") || []));
  return [
    {
      ...PLAIN,
      key: "quarantine",
      severity: "warn",
      at: Number.isFinite(newest) ? newest : null,
      lead: `${formatCount(waiting)} ${waiting === 1 ? "line waits" : "lines wait"} in quarantine.`,
      rest: "They could not be read; they are kept, and are not counted.",
      goes: { to: "/quarantine" },
    },
  ];
}

export function moneyConcerns(standing: BillingStanding): readonly Concern[] {
  const { draws_in_doubt: draws, oldest_in_doubt_at, in_flight_micro_usd } = standing;
  const checks = [
    ["ledger", "ledger_check", "The ledger does not balance.", standing.ledger],
    ["escrow", "reconcile", "The escrow and the books differ.", standing.escrow],
  ] as const;
  const found: (Concern | false)[] = checks.map(
    ([key, job, lead, { is_clean, checked_at }]) =>
      is_clean === false && {
        ...PLAIN,
        key,
        severity: "bad",
        at: checked_at ? Date.parse(checked_at) : null,
        lead,
        rest: "The job says where.",
        goes: { to: "/jobs", search: { job } },
      },
  );
  found.push(
    draws > 0 && {
      ...PLAIN,
      key: "draws",
      severity: "warn",
      at: oldest_in_doubt_at ? Date.parse(oldest_in_doubt_at) : null,
      lead: `${formatCount(draws)} ${draws === 1 ? "draw is" : "draws are"} in doubt,`,
      rest: `${formatUsd(in_flight_micro_usd)} not decided. The escrow is asked again.`,
      goes: { to: "/billing" },
    },
  );
  return found.filter((concern) => concern !== false);
}
