import { expect, test } from "vitest";
import { arrivalRate, arrivalsPerSecond } from "../src";
import { type Arrival, addArrival } from "../src/stream/arrivals";

const steady = (seconds: number, requests: number): Arrival[] =>
  Array.from({ length: seconds * 10 }, (_, i) => ({
    from: i * 100,
    to: (i + 1) * 100,
    requests: requests / 10,
  }));

test("a rate is unknown until a second has been seen", () => {
  expect(arrivalRate([])).toBeNull();
  expect(arrivalRate(steady(1, 20).slice(0, 9))).toBeNull();
  expect(arrivalRate(steady(1, 20))).toBeCloseTo(20);
});

test("it is the mean of the last five seconds", () => {
  const quiet = { from: 20_000, to: 24_000, requests: 0 };
  expect(arrivalRate([...steady(20, 100), quiet])).toBeCloseTo(20);
});

test("what a reconnect brings at once is spread over the time it came from", () => {
  const bridge = { from: 10_000, to: 40_000, requests: 3_000 };
  expect(arrivalRate([...steady(10, 100), bridge])).toBeCloseTo(100);
  expect(Math.max(...arrivalsPerSecond([...steady(10, 100), bridge]))).toBeCloseTo(100);
});

test("a minute is kept, and only seconds fully seen are shown", () => {
  const seen = steady(70, 50).reduce<readonly Arrival[]>(addArrival, []);
  expect(seen.length).toBeLessThanOrEqual(601);
  expect(arrivalsPerSecond(seen)).toHaveLength(60);
  expect(arrivalsPerSecond(steady(3, 50).slice(5))).toHaveLength(2);
});
