// How true the live figures are at this moment.
import { LATE_MS, STALE_MS } from "../timing";

export type FreshnessLevel = "live" | "late" | "stale";

interface Freshness {
  readonly level: FreshnessLevel;
  readonly behindMs: number;
}

/** `now` is the server's time: a wrong clock on this machine must not make figures look old. */
export function freshness(completeTo: number, now: number): Freshness {
  const behindMs = Math.max(0, now - completeTo);
  if (behindMs > STALE_MS) return { level: "stale", behindMs };
  return { level: behindMs > LATE_MS ? "late" : "live", behindMs };
}
