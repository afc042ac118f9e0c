// Shapes of the API with only the fields a case is about.
import {
  type Counts,
  NO_COUNTS,
  type StreamDelta,
  type StreamEvent,
  type StreamSnapshot,
} from "../src";

/** Guaranteed, billable traffic. */
export function served(requests: number): Counts {
  return { ...NO_COUNTS, requests, guaranteed: requests, billable_requests: requests };
}

export function snapshot(data: Partial<StreamSnapshot> = {}): StreamEvent {
  return {
    type: "snapshot",
    data: {
      epoch: 100,
      complete_to: "2026-11-21T22:01:10.000Z",
      month: "2026-11",
      counts: served(1000),
      rated_micro_usd: 100_000,
      minutes: [{ start: "2026-11-21T22:01:00Z", counts: served(40) }],
      ...data,
    },
  };
}

export function delta(data: Partial<StreamDelta> = {}): StreamEvent {
  return {
    type: "delta",
    data: {
      epoch: 101,
      complete_to: "2026-11-21T22:01:10.100Z",
      counts: served(5),
      rated_micro_usd: 500,
      minutes: [{ start: "2026-11-21T22:01:00Z", counts: served(5) }],
      ...data,
    },
  };
}

export function reset(): StreamEvent {
  return { type: "reset", data: { reason: "behind" } };
}
