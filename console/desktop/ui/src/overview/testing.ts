// Shapes for the page's tests, as the server answers them.
import type {
  FleetEdge,
  FleetGateway,
  InfraLabels,
  InfraRow,
  InfraSummary,
  Phases,
  PhaseTimes,
} from "@suiftly/ui/api/admin";

export function phase(p99: number, reached = 1_000): PhaseTimes {
  if (reached === 0) return { reached, sum_ms: 0, time_ms: null };
  const p50 = Math.round(p99 / 4);
  const time_ms = { min: 0, p50, p95: Math.round(p99 / 2), p99, max: p99 * 2 };
  return { reached, sum_ms: p50 * reached, time_ms };
}

export function phases(p99: Partial<Record<keyof Phases, number>>, reached = 1_000): Phases {
  const of = (key: keyof Phases) => phase(p99[key] ?? 0, reached);
  return {
    request: of("request"),
    queue: of("queue"),
    connect: of("connect"),
    response: of("response"),
    total: of("total"),
  };
}

export function row(change: Partial<InfraRow> & { group?: InfraLabels } = {}): InfraRow {
  return {
    group: {},
    requests: 1_000,
    bytes_sent: 0,
    phases: phases({}),
    terminations: { "--": 1_000 },
    ...change,
  };
}

export function summary(...groups: readonly InfraRow[]): InfraSummary {
  return {
    epoch: 7,
    complete_to: "2026-11-22T14:32:30Z",
    from: "2026-11-22T14:27:00Z",
    to: "2026-11-22T14:33:00Z",
    groups: [...groups],
  };
}

export function anEdge(change: Partial<FleetEdge> = {}): FleetEdge {
  return {
    name: "fra-2",
    state: "in_sync",
    servers: [2],
    is_implied: false,
    version: 18_442,
    lag_ms: 0,
    out_since: null,
    heard_at: "2026-11-22T14:32:29Z",
    started_at: "2026-11-20T00:00:00Z",
    streams: 1,
    applied: [],
    refused: [],
    trusts: [],
    gateways: [],
    ...change,
  };
}

export function aGateway(change: Partial<FleetGateway> = {}): FleetGateway {
  return {
    server_id: 2,
    is_expected: true,
    state: "in_sync",
    version: 18_442,
    hot: [],
    servers: [],
    ...change,
  };
}
