// How fast requests arrive: what each delta added, over the span it moved the frontier by. A delta
// that bridges a gap (a reconnect) counts over the whole gap, so it shows no false peak.
import { RATE_SPAN_MS, SECOND_MS, SPARK_SPAN_MS } from "../timing";

export interface Arrival {
  readonly from: number;
  readonly to: number;
  readonly requests: number;
}

export function addArrival(arrivals: readonly Arrival[], arrival: Arrival): readonly Arrival[] {
  const oldest = arrival.to - SPARK_SPAN_MS;
  return [...arrivals.filter(({ to }) => to > oldest), arrival];
}

/** Requests a second over the last seconds; null until a whole second has been seen. */
export function arrivalRate(arrivals: readonly Arrival[]): number | null {
  const [first, last] = [arrivals[0], arrivals.at(-1)];
  if (first === undefined || last === undefined) return null;
  const from = Math.max(first.from, last.to - RATE_SPAN_MS);
  const span = last.to - from;
  if (span < SECOND_MS) return null;
  return (requestsWithin(arrivals, from, last.to) * SECOND_MS) / span;
}

/** Requests in each whole second of the last minute, oldest first; only seconds fully seen. */
export function arrivalsPerSecond(arrivals: readonly Arrival[]): readonly number[] {
  const [first, last] = [arrivals[0], arrivals.at(-1)];
  if (first === undefined || last === undefined) return [];
  const end = last.to - (last.to % SECOND_MS);
  const seconds: number[] = [];
  for (let from = end - SPARK_SPAN_MS; from < end; from += SECOND_MS) {
    if (from >= first.from) seconds.push(requestsWithin(arrivals, from, from + SECOND_MS));
  }
  return seconds;
}

function requestsWithin(arrivals: readonly Arrival[], from: number, to: number): number {
  let requests = 0;
  for (const arrival of arrivals) {
    const overlap = Math.min(to, arrival.to) - Math.max(from, arrival.from);
    const span = arrival.to - arrival.from;
    if (overlap > 0) requests += (arrival.requests * overlap) / span;
  }
  return requests;
}
