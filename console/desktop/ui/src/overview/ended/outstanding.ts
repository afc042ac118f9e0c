// Which ways to end stand out against the hour before, as parts of all requests: more traffic alone is no reason.
import { endedNormally, endedWords } from "../../words/ended";
import { isOurs, sumTerminations, type Terminations } from "./matrix";

export interface Outstanding {
  readonly state: string;
  readonly count: number;
  /** By how much its part has grown; null: there was none. */
  readonly times: number | null;
  /** The part of all requests that it was in the hour before. */
  readonly usualPart: number;
  /** A server or we ended them. */
  readonly isOurs: boolean;
}

/** Fewer do not stand out, whatever there was before. */
const LEAST = 20;
const TIMES = 4;

/** Most of them first, ours before others'. None where nothing is known of the hour before. */
export function outstanding(now: Terminations, before: Terminations): readonly Outstanding[] {
  const [cells, known] = [byCell(now), byCell(before)];
  const [all, allBefore] = [total(now), total(before)];
  if (all === 0 || allBefore === 0) return [];
  const found = Object.entries(cells).flatMap(([state, count]): Outstanding[] => {
    if (count < LEAST || endedNormally(state)) return [];
    const was = known[state] ?? 0;
    const times = was === 0 ? null : count / all / (was / allBefore);
    if (times !== null && times < TIMES) return [];
    return [{ state, count, times, usualPart: was / allBefore, isOurs: isOurs(state) }];
  });
  return found.sort((a, b) => Number(b.isOurs) - Number(a.isOurs) || b.count - a.count);
}

function byCell(terminations: Terminations): Terminations {
  return sumTerminations(
    Object.entries(terminations).map(([state, count]) => ({ [state.slice(0, 2)]: count })),
  );
}

function total(terminations: Terminations): number {
  return Object.values(terminations).reduce((sum, count) => sum + count, 0);
}

/** "sH up 41×" */
export function outstandingLead({ state, times }: Outstanding): string {
  if (times === null) return `${state} is new`;
  return `${state} up ${times < 10 ? times.toFixed(1) : Math.round(times)}×`;
}

/** "the server’s timer ran out while we waited for its headers" */
export function outstandingWords({ state }: Outstanding): string {
  return endedWords(state) ?? "it ended unusually";
}
