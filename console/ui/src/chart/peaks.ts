// A day's busiest second against the rates of a plan.

export interface PeakDay {
  readonly start: number;
  /** Requests in its busiest second; null where it is not known. */
  readonly perSecond: number | null;
  /** Requests of the day that were burst, and that were rejected. */
  readonly burst: number;
  readonly rejected: number;
}

export interface PeakParts {
  readonly guaranteed: number;
  readonly burst: number;
  readonly rejected: number;
}

/** How much of a busiest second each rate carries, from the bottom up. */
export function peakParts(
  perSecond: number,
  guaranteed: number,
  burstTo: number | null,
): PeakParts {
  const carried = Math.max(guaranteed, burstTo ?? guaranteed);
  return {
    guaranteed: Math.min(perSecond, guaranteed),
    burst: Math.max(0, Math.min(perSecond, carried) - guaranteed),
    rejected: Math.max(0, perSecond - carried),
  };
}
