export const RANGES = ["24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

interface StatsSearch {
  readonly range?: Range;
}

/** The shortest range is what a bare address shows. */
export function readStatsSearch({ range }: Record<string, unknown>): StatsSearch {
  const known = RANGES.find((one) => one === range);
  return known === undefined ? {} : { range: known };
}
