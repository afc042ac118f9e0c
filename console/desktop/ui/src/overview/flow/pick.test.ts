import { describe, expect, it } from "vitest";
import { row } from "../testing";
import { flowOf } from "./flow";
import { place } from "./layout";
import { lanesOf, move } from "./pick";

const LANES = [["m", "t"], ["m>1", "m>2", "t>2"], ["1", "2"], [], ["a", "b", "c"]];

describe("move", () => {
  it.each([
    [null, "ArrowDown", "m"],
    ["m", "ArrowDown", "t"],
    ["t", "ArrowDown", "t"],
    ["m", "ArrowUp", "m"],
    ["m", "ArrowRight", "m>1"],
    ["t", "ArrowRight", "t>2"],
    ["m>2", "ArrowRight", "2"],
    ["2", "ArrowRight", "2"],
    ["m", "ArrowLeft", "m"],
    ["gone", "ArrowLeft", "m"],
    ["m", "Escape", null],
    [null, "Escape", undefined],
    ["m", "x", undefined],
  ])("from %s by %s to %s", (at, key, expected) => {
    expect(move(LANES, at, key)).toBe(expected);
  });

  it("has nowhere to go in nothing", () => {
    expect(move([[], []], null, "ArrowDown")).toBeNull();
  });
});

it("goes from networks over what flows to backends", () => {
  const group = { server_id: 1, service_type: "seal", network: "mainnet", backend_id: 1 };
  const source = { rows: [row({ group })], backends: [], backendsBefore: [], serverWord: String };
  expect(lanesOf(place(flowOf(source, 9), 100, [0, 50, 100]))).toEqual([
    ["0/mainnet"],
    ["0/mainnet>1/1"],
    ["1/1"],
    ["1/1>2/seal/mainnet/1"],
    ["2/seal/mainnet/1"],
  ]);
});
