// What became of the lines that were given again together.
import type { QuarantineLine } from "@suiftly/ui/api/admin";
import { standOf } from "./words";

type Given = Pick<QuarantineLine, "offset" | "outcome" | "requested_at" | "received_at">;

export interface Progress {
  readonly total: number;
  readonly underWay: number;
  readonly records: number;
  /** Duplicates, and HAProxy's own messages. */
  readonly done: number;
  readonly again: number;
  /** The lines that became records, by their place. */
  readonly recordOffsets: readonly number[];
}

/** Of a page of lines those that were asked for last: a replay marks all of its lines with one time. */
export function progressOf(lines: readonly Given[]): Progress {
  const last = lines.reduce((newest, { requested_at }) => later(newest, requested_at), "");
  const batch = last === "" ? [] : lines.filter(({ requested_at }) => requested_at === last);
  const count = (stand: ReturnType<typeof standOf>) =>
    batch.filter((line) => standOf(line) === stand).length;
  return {
    total: batch.length,
    underWay: count("under_way"),
    records: count("record"),
    done: count("done"),
    again: count("again"),
    recordOffsets: batch.filter((line) => standOf(line) === "record").map(({ offset }) => offset),
  };
}

function later(newest: string, requestedAt: string | null | undefined): string {
  if (requestedAt == null) return newest;
  return newest === "" || Date.parse(requestedAt) > Date.parse(newest) ? requestedAt : newest;
}

/** The span that holds these times, whole minutes, for the drill; null without any. */
export function spanOf(times: readonly string[]): { from: string; to: string } | null {
  if (times.length === 0) return null;
  const all = times.map((time) => Date.parse(time));
  const from = Math.floor(Math.min(...all) / 60_000) * 60_000;
  const to = (Math.floor(Math.max(...all) / 60_000) + 1) * 60_000;
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
