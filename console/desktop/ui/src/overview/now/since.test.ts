import type { InfraPoint } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { phases, row } from "../testing";
import { endedSince, slowSince } from "./since";

const START = Date.parse("2026-11-22T14:00:00Z");
const at = (minute: number) => START + minute * 60_000;

const minutes = <T>(values: readonly T[], of: (value: T) => Parameters<typeof row>[0]) =>
  values.map(
    (value, index): InfraPoint => ({
      start: new Date(at(index)).toISOString(),
      partial: false,
      groups: [row(of(value))],
    }),
  );

describe("endedSince", () => {
  const ended = (...counts: readonly number[]) =>
    minutes(counts, (sH) => ({ terminations: { "--": 1_000 - sH, sHNI: sH } }));

  it.each([
    ["the first minute that stands out", ended(1, 2, 40, 0, 50), 0.001, at(2)],
    ["the first of any where there were none", ended(0, 0, 0, 1), 0, at(3)],
    ["none where no minute alone does", ended(3, 3, 3), 0.001, null],
    ["none without minutes", [], 0, null],
  ])("%s", (_, points, usual, expected) => {
    expect(endedSince(points, "sH", usual)).toBe(expected);
  });
});

describe("slowSince", () => {
  const slow = (...p99: readonly number[]) =>
    minutes(p99, (response) => ({ phases: phases({ response }) }));

  it.each([
    ["the first of the last that are slow", slow(90, 900, 90, 400, 500), at(3)],
    ["the whole hour", slow(900, 900), at(0)],
    ["not what is over", slow(900, 900, 90), null],
  ])("%s", (_, points, expected) => {
    expect(slowSince(points, "response", 98)).toBe(expected);
  });
});
