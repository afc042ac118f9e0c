// How many lines were missing, minute by minute, as far as the window has seen: the server tells totals alone.
import type { Pipeline } from "@suiftly/ui";

const MINUTE_MS = 60_000;
/** A week. */
const KEPT = 7 * 24 * 60;

export interface LossSample {
  /** The minute’s start. */
  readonly at: number;
  /** Lines missing so far, by server. */
  readonly missing: ReadonlyMap<number, number>;
}

export type LossHistory = readonly LossSample[];

export function missingByServer(pipeline: Pipeline): ReadonlyMap<number, number> {
  const missing = new Map<number, number>();
  for (const worker of pipeline.loss.workers)
    missing.set(worker.server_id, (missing.get(worker.server_id) ?? 0) + worker.missing);
  return missing;
}

/** With what is missing as a minute begins; the same history within it. */
export function withLoss(history: LossHistory, pipeline: Pipeline, now: number): LossHistory {
  const at = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const last = history.at(-1);
  if (last !== undefined && last.at >= at) return history;
  return [...history, { at, missing: missingByServer(pipeline) }].slice(-KEPT);
}

export interface MissedLately {
  readonly lines: number;
  /** What it is counted from: later than asked for where the window has not been open so long. */
  readonly since: number;
}

/** Lines that went missing since a time, as far as the window has seen. Null before it has seen anything. */
export function missedSince(
  history: LossHistory,
  server: number,
  current: number,
  from: number,
): MissedLately | null {
  const base = history.findLast(({ at }) => at <= from) ?? history[0];
  if (base === undefined) return null;
  const lines = Math.max(0, current - (base.missing.get(server) ?? 0));
  return { lines, since: Math.max(base.at, from) };
}
