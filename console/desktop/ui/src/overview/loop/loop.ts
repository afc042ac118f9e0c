// How long it takes from a request's line until the gateways refuse the next: each step as it was measured.
import type { Pipeline } from "@suiftly/ui";
import type { FleetGateway, FleetView } from "@suiftly/ui/api/admin";

export interface Step {
  readonly key: "journal" | "views" | "map" | "refusal";
  readonly word: string;
  /** What is measured, in a sentence. */
  readonly detail: string;
  /** In ms; null is unknown. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Of how many measurements, where they are few. */
  readonly of: number | null;
}

export function loopSteps(
  pipeline: Pipeline | null,
  fleet: FleetView | undefined,
): readonly Step[] {
  const moving = pipeline !== null && pipeline.lines_per_second > 0 ? pipeline.lag_ms : null;
  const taken = fleet === undefined ? [] : appliedTimes(fleet);
  const [mapP50, mapP99] = [quantile(taken, 0.5), quantile(taken, 0.99)];
  return [
    {
      key: "journal",
      word: "line to journal",
      detail: "A sync of the journal, of late. It is a part of the next.",
      p50: null,
      p99: pipeline?.journal.sync_p99_ms ?? null,
      of: null,
    },
    {
      key: "views",
      word: "line to views",
      detail: "From a line’s receipt until it is counted, the journal with it.",
      p50: moving?.p50 ?? null,
      p99: moving?.p99 ?? null,
      of: null,
    },
    {
      key: "map",
      word: "vault to map",
      detail:
        "From a version’s publication until every gateway of an edge had it, of the changes that edges reported; filling a map anew is not among them.",
      p50: mapP50,
      p99: mapP99,
      of: fleet === undefined ? null : taken.length,
    },
    {
      key: "refusal",
      word: "line to refusal",
      detail: "The two together: the 99th percentiles add up to more than is ever likely.",
      p50: sum(moving?.p50 ?? null, mapP50),
      p99: sum(moving?.p99 ?? null, mapP99),
      of: null,
    },
  ];
}

function appliedTimes({ edges }: FleetView): readonly number[] {
  return edges.flatMap(({ applied }) =>
    applied.flatMap(({ took_ms, is_refill }) => (took_ms == null || is_refill ? [] : [took_ms])),
  );
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

/** The least of the values that so many are not above. */
export function quantile(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.max(0, Math.ceil(part * sorted.length) - 1);
  return sorted[at] ?? null;
}

export interface LastCanary {
  readonly gateway: FleetGateway;
  readonly at: number;
  /** Until its answer, in ms. */
  readonly ms: number;
  readonly status: number | null;
}

/** The synthetic request that was sent last, of all gateways. */
export function lastCanary(fleet: FleetView | undefined): LastCanary | null {
  let last: LastCanary | null = null;
  for (const gateway of fleet?.edges.flatMap(({ gateways }) => gateways) ?? []) {
    if (!gateway.canary) continue;
    const { last_at, last_us, last_status } = gateway.canary;
    const at = Date.parse(last_at);
    if (last === null || at > last.at) {
      last = { gateway, at, ms: last_us / 1_000, status: last_status ?? null };
    }
  }
  return last;
}
