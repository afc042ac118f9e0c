import { describe, expect, it } from "vitest";
import { row, summary } from "../testing";
import { countOurs, endMatrix, sumTerminations, terminationsOf } from "./matrix";
import { outstanding, outstandingLead, outstandingWords } from "./outstanding";

const MOCK = {
  "--": 172_775_073,
  CR: 41_208,
  CH: 9_114,
  CD: 61_420,
  cR: 8_803,
  SH: 1_942,
  sH: 164_020,
  PR: 402_118,
  LR: 96_220,
};

describe("endMatrix", () => {
  it("has who ended them by phase, and those that ended normally apart", () => {
    const { rows, phases, normal, all, unnamed } = endMatrix(MOCK);
    expect(phases.map(({ word }) => word)).toEqual([
      "Request",
      "Queue",
      "Connect",
      "Headers",
      "Data",
    ]);
    expect(rows.map(({ ender }) => ender.code).join("")).toBe("CcSsPLR");
    expect(rows[0]?.cells.map(({ count }) => count)).toEqual([41_208, 0, 0, 9_114, 61_420]);
    expect([normal, unnamed]).toEqual([172_775_073, 0]);
    expect(all).toBe(Object.values(MOCK).reduce((sum, count) => sum + count, 0));
  });

  it("tints by part of the largest", () => {
    const levels = new Map(
      endMatrix(MOCK).rows.flatMap(({ cells }) => cells.map(({ state, level }) => [state, level])),
    );
    const of = (...states: string[]) => states.map((state) => levels.get(state));
    expect(of("PR", "sH", "CR", "cR", "SH", "RR")).toEqual([3, 2, 2, 1, 0, 0]);
  });

  it("has rows and columns of what is rare only where it happened", () => {
    const { rows, phases } = endMatrix({ DL: 3, PT: 1 });
    expect(rows.map(({ ender }) => ender.code).join("")).toBe("CcSsPLRD");
    expect(phases.map(({ code }) => code).join("")).toBe("RQCHDLT");
  });

  it("counts what it has no words for, and nothing twice", () => {
    const { rows, unnamed, all } = endMatrix({ sHNI: 4, sH: 2, "-D": 5, X9: 1 });
    const told = rows.flatMap(({ cells }) => cells).reduce((sum, { count }) => sum + count, 0);
    expect([told, unnamed, all]).toEqual([6, 6, 12]);
  });
});

describe("terminations", () => {
  it("are added up over minutes", () => {
    const point = (terminations: Record<string, number>, start: string) => ({
      start,
      partial: false,
      groups: [row({ terminations })],
    });
    const points = [
      point({ "--": 3, sH: 1 }, "2026-11-22T14:30:00Z"),
      point({ "--": 2, PR: 4 }, "2026-11-22T14:31:00Z"),
    ];
    const hour = { ...summary(), bucket: "minute" as const, points };
    expect(terminationsOf(hour)).toEqual({ "--": 5, sH: 1, PR: 4 });
    expect(sumTerminations([])).toEqual({});
  });

  it.each([
    ["servers'", { sH: 2, SC: 3, D: 1 }, 6],
    ["not callers' or rules'", { CD: 9, cR: 9, PR: 9, LR: 9, "--": 9 }, 0],
  ])("ours are %s", (_, terminations, count) => {
    expect(countOurs(terminations)).toBe(count);
  });
});

describe("outstanding", () => {
  it.each([
    ["a part that has grown", { "--": 900, sH: 100 }, { "--": 990, sH: 10 }, ["sH up 10×"]],
    ["not by traffic alone", { "--": 9_900, sH: 100 }, { "--": 990, sH: 10 }, []],
    ["what there was none of", { "--": 900, sC: 20 }, { "--": 1_000 }, ["sC is new"]],
    ["not few", { "--": 900, sC: 19 }, { "--": 1_000 }, []],
    ["nothing against nothing", { "--": 900, sC: 50 }, {}, []],
    ["never those that ended normally", { "--": 900 }, { "--": 1, PR: 999 }, []],
    [
      "ours first",
      { "--": 500, PR: 400, sH: 100 },
      { "--": 960, PR: 20, sH: 20 },
      ["sH up 5.0×", "PR up 20×"],
    ],
  ])("%s", (_, now, before, leads) => {
    expect(outstanding(now, before).map(outstandingLead)).toEqual(leads);
  });

  it("is said in words", () => {
    const [found] = outstanding({ "--": 900, sH: 100 }, { "--": 990, sH: 10 });
    expect(found && outstandingWords(found)).toBe("the server did not answer in time");
  });
});
