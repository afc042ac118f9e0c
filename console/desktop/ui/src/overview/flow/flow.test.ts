import type { InfraLabels, InfraRow } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { phases, row } from "../testing";
import { type Flow, flowOf } from "./flow";
import { place, roomFor, shares } from "./layout";
import { NONE_KEY } from "./naming";

function line(
  server_id: number | null,
  network: string,
  backend_id: number,
  requests: number,
  change: { response?: number; terminations?: Record<string, number> } = {},
): InfraRow {
  return row({
    group: { server_id, service_type: "seal", network, backend_id },
    requests,
    phases: phases({ response: change.response ?? 8 }),
    terminations: change.terminations ?? { "--": requests },
  });
}

const ROWS = [
  line(1, "mainnet", 1, 600),
  line(1, "mainnet", 2, 200),
  line(2, "mainnet", 1, 100),
  line(2, "testnet", 1, 60),
  line(2, "testnet", 0, 40, { terminations: { PR: 40 } }),
];

const flow = (rows: readonly InfraRow[], most = 20, before: readonly InfraRow[] = []): Flow => {
  const labels = ({ service_type, network, backend_id }: InfraLabels) => ({
    service_type: service_type ?? null,
    network: network ?? null,
    backend_id: backend_id ?? 0,
  });
  const backends = rows.map((found) => ({ ...found, group: labels(found.group) }));
  const serverWord = (id: number | null) => `edge-${id}`;
  return flowOf({ rows, backends, backendsBefore: before, serverWord }, most);
};

describe("flowOf", () => {
  it("has networks, servers and backends, in the order of their names, those without a backend last", () => {
    const { nodes, requests } = flow(ROWS);
    expect(nodes.map(({ column, label, requests }) => `${column} ${label} ${requests}`)).toEqual([
      "0 mainnet 900",
      "0 testnet 100",
      "1 edge-1 800",
      "1 edge-2 200",
      "2 seal local 1 mainnet 700",
      "2 seal local 1 testnet 60",
      "2 seal local 2 200",
      "2 none, refused 40",
    ]);
    expect(requests).toBe(1_000);
  });

  it("names what lines without a server go through", () => {
    const { nodes } = flow([line(1, "mainnet", 1, 600), line(null, "mainnet", 1, 3)]);
    const servers = nodes.filter(({ column }) => column === 1);
    expect(servers.map(({ label, group }) => [label, group.server_id])).toEqual([
      ["edge-1", 1],
      ["no server named", null],
    ]);
  });

  it("links carry all of what their nodes do", () => {
    const { nodes, links } = flow(ROWS);
    const sum = (end: "from" | "to", key: string) =>
      links.filter((link) => link[end] === key).reduce((total, link) => total + link.requests, 0);
    for (const { key, column, requests } of nodes) {
      if (column > 0) expect(sum("to", key)).toBe(requests);
      if (column < 2) expect(sum("from", key)).toBe(requests);
    }
    const told = links.find(({ from, to }) => from === "1/2" && to === NONE_KEY);
    expect(told?.group).toEqual({ server_id: 2, backend_id: 0 });
  });

  it.each([
    ["a part that failed", { terminations: { "--": 90, sH: 10 } }, true],
    ["too few failed", { terminations: { "--": 91, sH: 9 } }, false],
    ["callers that left are not failures", { terminations: { CD: 100 } }, false],
    ["slower than it was", { response: 400 }, true],
  ])("hot: %s", (_, change, isHot) => {
    const usual = [
      row({
        group: { service_type: "seal", network: "mainnet", backend_id: 1 },
        phases: phases({ response: 90 }),
      }),
    ];
    const { nodes, links } = flow([line(1, "mainnet", 1, 100, change)], 20, usual);
    expect(nodes.map((node) => node.isHot)).toEqual([false, false, isHot]);
    expect(links.map((link) => link.isHot)).toEqual([false, isHot]);
  });

  it("makes one of those that have no room, but never of a hot one", () => {
    const many = Array.from({ length: 9 }, (_, at) => line(1, "mainnet", at + 1, 100 + at));
    const hot = line(1, "mainnet", 19, 40, { terminations: { sH: 40 } });
    const { nodes, links } = flow([...many, hot], 4);
    const last = nodes.filter(({ column }) => column === 2);
    expect(last.map(({ label }) => label)).toEqual([
      "seal backup 19",
      "seal local 8",
      "seal local 9",
      "7 others",
    ]);
    expect(last.reduce((sum, { requests }) => sum + requests, 0)).toBe(976);
    expect(links).toHaveLength(1 + 4);
  });
});

describe("shares", () => {
  it.each([
    ["by volume", [600, 200, 200], 100, [60, 20, 20]],
    ["none lower than a label", [1_000, 1, 1], 100, [72, 14, 14]],
    ["of nothing at all", [0, 0], 100, [14, 14]],
    ["where labels do not fit", [5, 5, 5, 5], 20, [5, 5, 5, 5]],
    ["none", [], 100, []],
  ])("%s", (_, volumes, whole, heights) => {
    const found = shares(volumes, whole);
    expect(found.map((height) => Math.round(height))).toEqual(heights);
  });
});

describe("place", () => {
  it("stands nodes over one another within the height, and fills each by its ribbons", () => {
    const height = 276;
    const { nodes, ribbons } = place(flow(ROWS), height, [90, 300, 500]);
    for (const column of [0, 1, 2]) {
      const mine = nodes.filter((node) => node.column === column);
      let end = 0;
      for (const node of mine) {
        expect(node.y).toBeGreaterThanOrEqual(end - 1e-6);
        expect(node.height).toBeGreaterThanOrEqual(14 - 1e-6);
        end = node.y + node.height;
      }
      expect(end).toBeCloseTo(height);
    }
    expect(ribbons).toHaveLength(flow(ROWS).links.length);
    expect(ribbons.every(({ path }) => !path.includes("NaN"))).toBe(true);
  });

  it("has room for labels", () => {
    expect(roomFor(276)).toBe(15);
    expect(roomFor(0)).toBe(2);
  });
});
