import { describe, expect, it } from "vitest";
import { partsOf, reachAxis, reachRows } from "./reach";
import { anApplied, anEdge } from "./testing";

describe("how a version reached an edge", () => {
  const cases = [
    [
      "by both clocks",
      anApplied(),
      [
        ["way", 0, 78],
        ["verify", 78, 84],
        ["change", 84, 104],
        ["confirm", 104, 108],
        ["rest", 108, 118],
      ],
    ],
    [
      "by the edge’s clock alone",
      anApplied({ took_ms: null }),
      [
        ["verify", 0, 6],
        ["change", 6, 26],
        ["confirm", 26, 30],
        ["rest", 30, 40],
      ],
    ],
    [
      "where whole milliseconds are too coarse",
      anApplied({ took_ms: 3, edge_ms: 0, verify_us: 500, change_us: 250, confirm_us: 250 }),
      [
        ["way", 0, 2],
        ["verify", 2, 2.5],
        ["change", 2.5, 2.75],
        ["confirm", 2.75, 3],
      ],
    ],
  ] as const;
  it.each(cases)("%s", (_, applied, expected) => {
    expect(partsOf(applied).map(({ key, from, to }) => [key, from, to])).toEqual(expected);
  });

  it("has the quickest first and those who lack it last", () => {
    const edges = [
      anEdge({ name: "lacks", version: 5, applied: [], lag_ms: 9_000 }),
      anEdge({ name: "passed", version: 7, applied: [anApplied({ version: 7 })] }),
      anEdge({ name: "slow", applied: [anApplied({ took_ms: 240 })] }),
      anEdge({ name: "quick" }),
      anEdge({ name: "nobody", state: "never_seen", is_implied: true, version: null, applied: [] }),
    ];
    const rows = reachRows(edges, 6);
    expect(rows.map(({ edge, reach }) => `${edge.name} ${reach.state}`)).toEqual([
      "quick applied",
      "slow applied",
      "passed passed",
      "lacks not_yet",
    ]);
  });
});

describe("the axis", () => {
  const axis = (took_ms: number) =>
    reachAxis(
      reachRows(
        [
          anEdge({
            applied: [
              anApplied({ took_ms, edge_ms: 0, verify_us: 0, change_us: 0, confirm_us: 0 }),
            ],
          }),
        ],
        6,
      ),
    );

  it("is as long as the longest bar, and leaves the goal out where bars are short", () => {
    expect(axis(4)).toMatchObject({ hasGoal: false, ticks: [0, 1, 2, 3, 4] });
  });

  it("has the goal where bars come near it", () => {
    const { hasGoal, top, ticks } = axis(240);
    expect([hasGoal, top, ticks]).toEqual([true, 1_060, [0, 200, 400, 600, 800, 1_000]]);
  });

  it("goes beyond it where bars do", () => {
    expect(axis(6_657).ticks).toEqual([0, 2_000, 4_000, 6_000]);
    expect(axis(6_657).top).toBeGreaterThan(6_657);
  });

  it("has the goal where there is no bar", () => {
    expect(reachAxis([])).toMatchObject({ hasGoal: true });
  });
});
