// What a spike is of, and how each of the API's views is asked for it.
import type { Counts } from "@suiftly/ui";
import type { InfraLabels } from "@suiftly/ui/api/admin";
import type { RecordFilter } from "./lines/fields";

export type Measure = "server_error" | "client_error" | "rejected" | "requests" | "slow";

interface MeasureWords {
  readonly key: Measure;
  readonly word: string;
  readonly short: string;
}

export const MEASURES: readonly MeasureWords[] = [
  { key: "server_error", word: "Server errors", short: "Server errors" },
  { key: "client_error", word: "Client errors", short: "Client errors" },
  { key: "rejected", word: "Rejected", short: "Rejected" },
  { key: "requests", word: "Requests", short: "All" },
  { key: "slow", word: "Slow requests", short: "Slow" },
];

/** Slow is what takes so long at least, unless the address says otherwise. */
export const SLOW_MS = 1_000;

export function measureOf(text: string | undefined): MeasureWords {
  return MEASURES.find(({ key }) => key === text) ?? (MEASURES[0] as MeasureWords);
}

/** Of a bucket's counts. Slow ones are not among them. */
export function countOf(measure: Exclude<Measure, "slow">, counts: Counts): number {
  return counts[measure];
}

/** Events of an address over its rate: refused before any key is looked at. */
const ADDRESS_EVENTS = [20, 21];

/** Whether a group of the gateways' view is of the measure. That view has no kind of traffic: what a gateway refused
 * without an event, or for its address, is what was rejected. */
export function belongs(measure: Measure, group: InfraLabels): boolean {
  const { backend_id = 0, event_type = 0, status_class = 0 } = group;
  const refused =
    backend_id === 0 &&
    (event_type === 0 || ADDRESS_EVENTS.includes(event_type)) &&
    status_class >= 4;
  switch (measure) {
    case "server_error":
      return status_class === 5 && !refused;
    case "client_error":
      return status_class === 4 && !refused;
    case "rejected":
      return refused;
    default:
      return true;
  }
}

/** Kinds of traffic that were refused for their rate. */
const REJECTED = [3, 4, 5, 6];

interface RecordSums {
  readonly plus: readonly RecordFilter[];
  /** To be taken off again. */
  readonly minus: readonly RecordFilter[];
}

/** Which raw records are of the measure: the API narrows by one thing each, so that some are sums. */
export function recordSums(measure: Measure, slowMs: number, traffic?: number): RecordSums {
  // One kind of traffic is chosen already: there is nothing to add up.
  if (traffic !== undefined) return { plus: [ofOneKind(measure, slowMs)], minus: [] };
  switch (measure) {
    case "server_error":
      return { plus: [{ status: "5xx" }], minus: [] };
    case "client_error":
      return {
        plus: [{ status: "4xx" }],
        minus: REJECTED.map((traffic_type) => ({ status: "4xx", traffic_type })),
      };
    case "rejected":
      return { plus: REJECTED.map((traffic_type) => ({ traffic_type })), minus: [] };
    case "requests":
      return { plus: [{}], minus: [] };
    case "slow":
      return { plus: [{ time_total_min_ms: slowMs }], minus: [] };
  }
}

function ofOneKind(measure: Measure, slowMs: number): RecordFilter {
  return measure === "rejected" ? {} : (recordSums(measure, slowMs).plus[0] ?? {});
}

/** What lines are narrowed by as long as nothing narrower is chosen. */
export function impliedFilter(
  measure: Measure,
  slowMs: number,
  chosen: RecordFilter,
): RecordFilter {
  if (measure === "slow") return { time_total_min_ms: slowMs };
  const { status, event_type, traffic_type, termination_state } = chosen;
  const narrower = [status, event_type, traffic_type, termination_state];
  if (measure === "requests" || narrower.some((value) => value !== undefined)) return {};
  if (measure === "rejected") return { traffic_type: 3 };
  return { status: measure === "server_error" ? "5xx" : "4xx" };
}
