// What of this page the address holds.
interface OverviewSearch {
  /** What the traffic chart covers; the last hour, live, where nothing is said. */
  readonly traffic?: TrafficRange;
}

/** The last day in steps of a quarter of an hour, or of an hour. */
export type TrafficRange = "24h" | "24h-hours";

export function overviewSearch(search: Record<string, unknown>): OverviewSearch {
  const { traffic } = search;
  return traffic === "24h" || traffic === "24h-hours" ? { traffic } : {};
}
