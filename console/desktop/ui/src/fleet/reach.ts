// How a version reached the edges: each edge’s bar, and what became of it where there is none.
import type { FleetApplied, FleetEdge } from "@suiftly/ui/api/admin";
import { isWaitedFor, tookOf } from "./edges";

/** Who is stopped is to be refused within this long. */
export const GOAL_MS = 1_000;

export type PartKey = "way" | "verify" | "change" | "confirm" | "rest";

export const PART_WORDS: Readonly<Record<PartKey, string>> = {
  way: "on the way there and back",
  verify: "verify signature",
  change: "change maps",
  confirm: "read back",
  rest: "other gateways, waiting",
};

export interface BarPart {
  readonly key: PartKey;
  readonly from: number;
  readonly to: number;
}

export type Reach =
  | {
      readonly state: "applied";
      readonly took: number;
      readonly parts: readonly BarPart[];
      readonly applied: FleetApplied;
    }
  /** Out for so long and not there. */
  | { readonly state: "not_yet"; readonly lateMs: number }
  /** It went to a later one at once, or it is too long ago to be remembered. */
  | { readonly state: "passed" };

export interface ReachRow {
  readonly edge: FleetEdge;
  readonly reach: Reach;
}

export function reachRows(edges: readonly FleetEdge[], version: number): readonly ReachRow[] {
  const rows = edges.filter(isWaitedFor).map((edge) => ({ edge, reach: reachOf(edge, version) }));
  return rows.toSorted((a, b) => order(a.reach) - order(b.reach));
}

function reachOf(edge: FleetEdge, version: number): Reach {
  const applied = edge.applied.findLast((one) => one.version === version);
  if (applied !== undefined)
    return { state: "applied", took: tookOf(applied), parts: partsOf(applied), applied };
  if ((edge.version ?? 0) >= version) return { state: "passed" };
  return { state: "not_yet", lateMs: edge.lag_ms };
}

/** The quickest first, those who have it not last. */
function order(reach: Reach): number {
  if (reach.state === "applied") return reach.took;
  return reach.state === "passed" ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER;
}

/** In the order of time, as far as it is told: the parts that were measured, and what remains of the whole. */
export function partsOf(applied: FleetApplied): readonly BarPart[] {
  const { edge_ms, verify_us, change_us, confirm_us } = applied;
  const took = tookOf(applied);
  const measured = [verify_us / 1_000, change_us / 1_000, confirm_us / 1_000] as const;
  const worked = measured.reduce((sum, ms) => sum + ms, 0);
  // Clocks count whole milliseconds: what was measured finer is not cut by them.
  const atEdge = Math.max(edge_ms, worked);
  const lengths: readonly (readonly [PartKey, number])[] = [
    ["way", Math.max(0, took - atEdge)],
    ["verify", measured[0]],
    ["change", measured[1]],
    ["confirm", measured[2]],
    ["rest", atEdge - worked],
  ];
  let from = 0;
  return lengths.flatMap(([key, length]) => {
    if (length <= 0) return [];
    const part = { key, from, to: from + length };
    from = part.to;
    return [part];
  });
}

export interface ReachAxis {
  readonly top: number;
  readonly ticks: readonly number[];
  /** Whether the goal lies on it; else it is further right. */
  readonly hasGoal: boolean;
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000, 600_000];
const TICKS_MAX = 6;

/** From zero, as long as the longest bar; with the goal where bars come near it. */
export function reachAxis(rows: readonly ReachRow[]): ReachAxis {
  const tooks = rows.flatMap(({ reach }) => (reach.state === "applied" ? [end(reach.parts)] : []));
  const longest = Math.max(1, ...tooks);
  const hasGoal = longest >= GOAL_MS / 5 || tooks.length === 0;
  const reachTo = hasGoal ? Math.max(longest, GOAL_MS) * 1.06 : longest * 1.06;
  const step = STEPS.find((one) => reachTo / one <= TICKS_MAX) ?? STEPS.at(-1) ?? 1;
  const ticks = Array.from({ length: Math.floor(reachTo / step) + 1 }, (_, at) => at * step);
  return { top: reachTo, ticks, hasGoal };
}

function end(parts: readonly BarPart[]): number {
  return parts.at(-1)?.to ?? 0;
}
