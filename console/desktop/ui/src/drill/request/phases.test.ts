import { expect, test } from "vitest";
import { aRecord } from "../lines/sample";
import { phasesOf } from "./phases";

test("phases stand one after another and make the whole", () => {
  const phases = phasesOf(aRecord());
  expect(phases.map(({ key, ms }) => [key, ms])).toEqual([
    ["TR", 0],
    ["Tw", 0],
    ["Tc", 1],
    ["Tr", 30_001],
    ["data", 1],
  ]);
  expect(phases.reduce((sum, { part }) => sum + part, 0)).toBeCloseTo(1);
  expect(phases.filter(({ longest }) => longest).map(({ key }) => key)).toEqual(["Tr"]);
  expect(phases.at(-1)?.from).toBeCloseTo(30_002 / 30_003);
});

test("the phase that it ended in has the time that is left", () => {
  const phases = phasesOf(
    aRecord({
      time_connect_ms: null,
      time_response_ms: null,
      time_queue_ms: 4,
      time_total_ms: 5_004,
    }),
  );
  expect(phases.map(({ key, ms }) => [key, ms])).toEqual([
    ["TR", 0],
    ["Tw", 4],
    ["Tc", null],
    ["Tr", null],
    ["data", null],
  ]);
  expect(phases.find(({ longest }) => longest)?.key).toBe("Tc");
});

test("a request that took no time has no longest phase", () => {
  const none = { time_connect_ms: 0, time_response_ms: 0, time_total_ms: 0 };
  const phases = phasesOf(aRecord(none));
  expect(phases.some(({ longest }) => longest)).toBe(false);
  expect(phases.every(({ from, part }) => from === 0 && part === 0)).toBe(true);
});

test("clocks that disagree make no negative time", () => {
  const data = phasesOf(aRecord({ time_total_ms: 29_000 })).at(-1);
  expect(data?.ms).toBe(0);
  expect(data?.from).toBeLessThanOrEqual(1);
});
