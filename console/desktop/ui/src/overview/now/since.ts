// Since when something has been so, by the minutes of the hour.
import type { InfraPoint, PhaseWord } from "@suiftly/ui/api/admin";
import { endedNormally } from "../../words/ended";
import { isSlow } from "../timers/slow";

/** A way to end is unusual in a minute from so many times its usual part on. */
const TIMES = 4;

/** The first minute in which a state made up many times the part of requests that it did before; null if none alone did. */
export function endedSince(
  points: readonly InfraPoint[],
  state: string,
  usualPart: number,
): number | null {
  const found = points.find(({ groups }) => {
    const terminations = groups[0]?.terminations ?? {};
    let [mine, all] = [0, 0];
    for (const [ended, count] of Object.entries(terminations)) {
      all += count;
      if (!endedNormally(ended) && ended.startsWith(state)) mine += count;
    }
    return mine > 0 && mine >= TIMES * usualPart * all;
  });
  return found ? Date.parse(found.start) : null;
}

/** The first of the minutes up to now that were all slow; null if the last was not. */
export function slowSince(
  points: readonly InfraPoint[],
  phase: PhaseWord,
  usual: number,
): number | null {
  const isQuick = ({ groups }: InfraPoint) => {
    const p99 = groups[0]?.phases[phase].time_ms?.p99;
    return p99 === undefined || !isSlow(p99, usual);
  };
  const since = points.slice(points.findLastIndex(isQuick) + 1)[0];
  return since ? Date.parse(since.start) : null;
}
