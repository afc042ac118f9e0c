import type { FleetApplied, FleetGateway, FleetView } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { aPipeline } from "../../testing";
import { aGateway, anEdge } from "../testing";
import { lastCanary, loopSteps, quantile } from "./loop";

const applied = (took_ms: number | null, is_refill = false): FleetApplied => ({
  version: 1,
  took_ms,
  edge_ms: 1,
  verify_us: 1,
  change_us: 1,
  confirm_us: 1,
  changes: 1,
  is_refill,
});

const fleet = (all: FleetApplied[], gateways: FleetGateway[] = []): FleetView => ({
  version: 1,
  issued_at: null,
  is_in_sync: true,
  canaries: [],
  edges: [anEdge({ applied: all, gateways })],
});

const timesOf = (steps: ReturnType<typeof loopSteps>) => steps.map(({ p50, p99 }) => [p50, p99]);

describe("loopSteps", () => {
  it("adds up what is known, the journal once", () => {
    const steps = loopSteps(aPipeline(), fleet([applied(4), applied(3), applied(6_657, true)]));
    expect(timesOf(steps)).toEqual([
      [null, 3],
      [21, 48],
      [3, 4],
      [24, 52],
    ]);
    expect(steps[2]?.of).toBe(2);
  });

  it.each([
    ["no edge has reported", aPipeline(), fleet([applied(null)])],
    ["the fleet did not load", aPipeline(), undefined],
    ["nothing moves", aPipeline({ lines_per_second: 0 }), fleet([applied(4)])],
    ["nothing is known", null, undefined],
  ])("leaves the sum unknown where %s", (_, pipeline, edges) => {
    const [p50, p99] = timesOf(loopSteps(pipeline, edges))[3] ?? [];
    expect([p50, p99]).toEqual([null, null]);
  });
});

describe("quantile", () => {
  it.each([
    [[5], 0.5, 5],
    [[4, 1, 3, 2], 0.5, 2],
    [[4, 1, 3, 2], 0.99, 4],
    [[], 0.5, null],
  ])("%j at %d", (values, part, expected) => {
    expect(quantile(values, part)).toBe(expected);
  });
});

describe("lastCanary", () => {
  it("is the latest of all gateways", () => {
    const canary = (last_at: string, last_us: number) =>
      aGateway({ canary: { sent: 9, served: 9, last_status: 200, last_at, last_us } });
    const gateways = [
      canary("2026-11-22T14:30:00Z", 700),
      canary("2026-11-22T14:31:00Z", 656),
      aGateway({ canary: null }),
    ];
    expect(lastCanary(fleet([], gateways))).toMatchObject({ ms: 0.656, status: 200 });
    expect(lastCanary(undefined)).toBeNull();
  });
});
