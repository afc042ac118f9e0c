// Where a request's time went: HAProxy's phases one after another.
import type { RecordLine } from "@suiftly/ui/api/admin";

export interface Phase {
  readonly key: "TR" | "Tw" | "Tc" | "Tr" | "data";
  readonly word: string;
  /** null: it was not reached. */
  readonly ms: number | null;
  /** Where it begins and how long it is, as parts of the whole. */
  readonly from: number;
  readonly part: number;
  readonly longest: boolean;
}

const WORDS = {
  TR: "the client sent its request",
  Tw: "it waited in queues",
  Tc: "the backend was connected to",
  Tr: "the backend prepared its answer",
  data: "the answer went to the client",
} as const;

export function phasesOf(line: RecordLine): readonly Phase[] {
  const times = [
    ["TR", line.time_request_ms ?? null],
    ["Tw", line.time_queue_ms ?? null],
    ["Tc", line.time_connect_ms ?? null],
    ["Tr", line.time_response_ms ?? null],
  ] as const;
  const sum = times.reduce((all, [, ms]) => all + (ms ?? 0), 0);
  const rest = Math.max(0, line.time_total_ms - sum);
  const whole = Math.max(line.time_total_ms, sum, 1);
  // What no phase names is the answer's data, unless there was none: then it is the phase that was not reached.
  const last = line.time_response_ms == null ? null : rest;
  let at = 0;
  const all = [...times, ["data", last] as const].map(([key, ms]) => {
    const from = at;
    at += ms ?? 0;
    return { key, word: WORDS[key], ms, from: from / whole, part: (ms ?? 0) / whole };
  });
  const unreached = all.findIndex(({ ms }) => ms === null);
  const open = unreached < 0 ? all : all.with(unreached, openPhase(all[unreached], rest, whole));
  const most = Math.max(...open.map(({ part }) => part));
  return open.map((phase) => ({ ...phase, longest: most > 0 && phase.part === most }));
}

/** The phase in which it ended has the time that is left, though it was not gone through. */
function openPhase<P extends { readonly part: number }>(
  phase: P | undefined,
  rest: number,
  whole: number,
) {
  return { ...(phase as P), part: rest / whole };
}
