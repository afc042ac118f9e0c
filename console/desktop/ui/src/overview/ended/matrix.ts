// How requests ended: who ended them, and in which phase. Those that ended as they should are a number alone.
import type { InfraSeries, InfraSummary } from "@suiftly/ui/api/admin";
import { END_PHASES, ENDERS, type Ender, type EndPhase, endedNormally } from "../../words/ended";

/** Counts by HAProxy's termination state. */
export type Terminations = Readonly<Record<string, number>>;

export interface EndCell {
  /** Both characters: "sH". */
  readonly state: string;
  readonly count: number;
  /** How strongly it is tinted: by its part of the largest. */
  readonly level: 0 | 1 | 2 | 3;
}

export interface EndRow {
  readonly ender: Ender;
  readonly cells: readonly EndCell[];
}

export interface EndMatrix {
  readonly phases: readonly EndPhase[];
  readonly rows: readonly EndRow[];
  readonly normal: number;
  readonly all: number;
  /** Ended in a state that this console has no words for. */
  readonly unnamed: number;
}

/** Always shown, so that rows keep their places; the others where something ended so. */
const USUAL_ENDERS = "CcSsPLR";
const USUAL_PHASES = "RQCHD";
/** The parts of the largest cell from which on a cell is tinted, and more. */
const TINTS = [0.02, 0.1, 0.5] as const;

export function sumTerminations(all: readonly Terminations[]): Terminations {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [state, count] of Object.entries(counts)) sums[state] = (sums[state] ?? 0) + count;
  }
  return sums;
}

export function terminationsOf(answer: InfraSeries | InfraSummary): Terminations {
  const groups = "points" in answer ? answer.points.flatMap(({ groups }) => groups) : answer.groups;
  return sumTerminations(groups.map(({ terminations }) => terminations));
}

export function endMatrix(terminations: Terminations): EndMatrix {
  const counts = new Map<string, number>();
  let [normal, all, unnamed] = [0, 0, 0];
  for (const [state, count] of Object.entries(terminations)) {
    all += count;
    const cell = state.slice(0, 2);
    if (endedNormally(state)) normal += count;
    else if (isNamed(cell)) counts.set(cell, (counts.get(cell) ?? 0) + count);
    else unnamed += count;
  }
  const largest = Math.max(0, ...counts.values());
  const states = [...counts.keys()];
  const phases = END_PHASES.filter(
    ({ code }) => USUAL_PHASES.includes(code) || states.some((state) => state.endsWith(code)),
  );
  const rows = ENDERS.filter(
    ({ code }) => USUAL_ENDERS.includes(code) || states.some((state) => state.startsWith(code)),
  ).map((ender) => ({
    ender,
    cells: phases.map(({ code }): EndCell => {
      const state = `${ender.code}${code}`;
      const count = counts.get(state) ?? 0;
      return { state, count, level: levelOf(count, largest) };
    }),
  }));
  return { phases, rows, normal, all, unnamed };
}

function isNamed(state: string): boolean {
  return (
    ENDERS.some(({ code }) => code === state[0]) && END_PHASES.some(({ code }) => code === state[1])
  );
}

function levelOf(count: number, largest: number): EndCell["level"] {
  if (count === 0) return 0;
  const part = count / largest;
  return TINTS.filter((least) => part >= least).length as EndCell["level"];
}

/** Ended by a server, or by what is ours: not by a caller, and not by a rule. */
const OURS = "SsRIDU";

export function isOurs(state: string): boolean {
  return state !== "" && OURS.includes(state.slice(0, 1));
}

export function countOurs(terminations: Terminations): number {
  return Object.entries(terminations).reduce(
    (sum, [state, count]) => sum + (isOurs(state) ? count : 0),
    0,
  );
}
