import type { InfraLabels, InfraRow } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { phases, row, summary } from "../testing";
import { PHASES, phaseRows } from "./phases";
import { isSlow, slowPhase } from "./slow";

const cell = (server_id: number, backend_id: number, response: number, reached = 1_000): InfraRow =>
  row({
    group: { server_id, service_type: "seal", network: "mainnet", backend_id },
    phases: phases({ response }, reached),
  });

function find(now: Parameters<typeof phases>[0], cells: InfraRow[], before: InfraRow[] = []) {
  const usual = row({ phases: phases({ response: 98, connect: 1, total: 121 }) });
  const rows = phaseRows(summary(row({ phases: phases(now) })), summary(usual), undefined);
  return slowPhase(rows, cells, before);
}

describe("isSlow", () => {
  it.each([
    ["twice the usual and much more", 200, 98, true],
    ["less than twice", 195, 98, false],
    ["many times, of next to nothing", 9, 1, false],
    ["against nothing known", 900, null, false],
    ["against none at all", 38, 0, true],
  ])("%s", (_, p99, usual, expected) => {
    expect(isSlow(p99, usual)).toBe(expected);
  });
});

describe("slowPhase", () => {
  it("finds none where all is as last week", () => {
    expect(find({ response: 101, total: 130 }, [cell(1, 1, 101)])).toBeNull();
  });

  it("says which phase, by how much, and never the whole", () => {
    const slow = find({ response: 412, connect: 30, total: 466 }, []);
    expect(slow?.phase).toEqual(PHASES.find(({ code }) => code === "Tr"));
    expect([slow?.p99, slow?.usual]).toEqual([412, 98]);
    expect(slow?.where).toEqual({});
  });

  it("says nothing of a phase that few requests reached", () => {
    const few = row({ phases: phases({ response: 412 }, 19) });
    const usual = summary(row({ phases: phases({ response: 98 }) }));
    expect(slowPhase(phaseRows(summary(few), usual, undefined), [], [])).toBeNull();
  });

  it.each<[string, InfraRow[], InfraLabels]>([
    [
      "the one cell",
      [cell(1, 1, 90), cell(2, 1, 4_000), cell(2, 2, 300)],
      { server_id: 2, service_type: "seal", network: "mainnet", backend_id: 1 },
    ],
    [
      "a server",
      [cell(1, 1, 90), cell(2, 1, 500), cell(2, 2, 480), cell(2, 3, 490)],
      { server_id: 2 },
    ],
    [
      "a backend",
      [cell(1, 1, 500), cell(2, 1, 480), cell(3, 1, 490), cell(3, 2, 90)],
      { service_type: "seal", network: "mainnet", backend_id: 1 },
    ],
    ["everywhere", [cell(1, 1, 500), cell(2, 2, 480), cell(3, 3, 490)], {}],
  ])("names where: %s", (_, cells, where) => {
    expect(find({ response: 412 }, cells)?.where).toEqual(where);
  });

  it("holds each place against its own last week", () => {
    const always = [cell(1, 1, 2_000)];
    const found = find({ response: 412 }, [cell(1, 1, 2_100), cell(2, 1, 500)], always);
    expect(found?.where.server_id).toBe(2);
  });
});

describe("phaseRows", () => {
  it("leaves unknown what nobody reached and what last week does not tell", () => {
    const none = summary(row({ phases: phases({}, 0) }));
    const rows = phaseRows(none, undefined, undefined);
    expect(rows.map(({ times, lastWeek, spark }) => [times, lastWeek, spark])).toEqual(
      PHASES.map(() => [null, null, []]),
    );
  });

  it("has the 99th percentile by minute", () => {
    const point = (p99: number, start: string) => ({
      start,
      partial: false,
      groups: [row({ phases: phases({ response: p99 }) })],
    });
    const hour = {
      ...summary(),
      bucket: "minute" as const,
      points: [point(3, "2026-11-22T14:30:00Z"), point(8, "2026-11-22T14:31:00Z")],
    };
    expect(phaseRows(undefined, undefined, hour)[3]?.spark).toEqual([3, 8]);
  });
});
