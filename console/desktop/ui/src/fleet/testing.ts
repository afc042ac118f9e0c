// A fleet for tests, as the server tells it.
import type { FleetApplied, FleetEdge, FleetGateway, FleetView } from "@suiftly/ui/api/admin";

export function anApplied(change: Partial<FleetApplied> = {}): FleetApplied {
  return {
    version: 6,
    took_ms: 118,
    edge_ms: 40,
    verify_us: 6_000,
    change_us: 20_000,
    confirm_us: 4_000,
    changes: 2,
    is_refill: false,
    ...change,
  };
}

export function aGateway(change: Partial<FleetGateway> = {}): FleetGateway {
  return {
    server_id: 17,
    is_expected: true,
    state: "in_sync",
    trouble: null,
    version: 6,
    haproxy: "2.6.12-1+deb12u4",
    booted_at: "2026-11-22T22:06:39.317Z",
    requests: 100,
    lines_numbered: 100,
    dropped_logs: 0,
    hot: [],
    servers: [{ backend: "seal_mainnet", server: "s1", status: "UP", sessions: 0 }],
    canary: null,
    ...change,
  };
}

export function anEdge(change: Partial<FleetEdge> = {}): FleetEdge {
  return {
    name: "fra-1",
    state: "in_sync",
    servers: [17],
    is_implied: false,
    version: 6,
    lag_ms: 0,
    out_since: null,
    heard_at: "2026-11-22T22:21:29Z",
    started_at: "2026-11-22T22:06:39Z",
    streams: 1,
    applied: [anApplied()],
    refused: [],
    trusts: [],
    gateways: [aGateway()],
    ...change,
  };
}

export function aFleet(edges: readonly FleetEdge[], change: Partial<FleetView> = {}): FleetView {
  return {
    version: 6,
    issued_at: "2026-11-22T22:10:58Z",
    is_in_sync: true,
    edges: [...edges],
    canaries: [],
    ...change,
  };
}
