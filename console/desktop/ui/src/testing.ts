// Shapes for tests, as the contract's example has them.
import { NO_COUNTS, type Pipeline, type StreamSnapshot } from "@suiftly/ui";
import type { Message } from "./link/commands";

export function aPipeline(change: Partial<Pipeline> = {}): Pipeline {
  return {
    epoch: 812,
    complete_to: "2026-11-21T22:01:17.199Z",
    now: "2026-11-21T22:01:17.220Z",
    started_at: "2026-11-21T22:00:00.000Z",
    lines_per_second: 2012.5,
    lag_ms: { p50: 21, p99: 48 },
    frontier_age_ms: 12,
    lines: {
      received: 100,
      accepted: 98,
      second_home: 0,
      duplicates: 1,
      conflicts: 0,
      system: 1,
      rejected: 0,
      rejected_by_reason: {},
    },
    loss: { missing: 0, ppm: 0, workers: [] },
    journal: {
      id: "j",
      offset: 123_456,
      durable_epoch: 812,
      sync_age_ms: 4,
      sync_p99_ms: 3,
      disk_bytes: 268_435_456,
    },
    store: { epoch: 811, records: 98 },
    udp_kernel_drops: 0,
    ...change,
  };
}

export function snapshot(change: Partial<StreamSnapshot> = {}): StreamSnapshot {
  return {
    epoch: 812,
    complete_to: "2026-11-21T22:01:17.199Z",
    month: "2026-11",
    counts: NO_COUNTS,
    rated_micro_usd: 0,
    minutes: [],
    ...change,
  };
}

export function message(name: string, data: object): Message {
  return { name, data: JSON.stringify(data) };
}
