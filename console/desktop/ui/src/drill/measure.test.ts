import { describe, expect, test } from "vitest";
import type { RecordFilter } from "./lines/fields";
import { belongs, impliedFilter, type Measure, measureOf, recordSums, SLOW_MS } from "./measure";

test.each([
  [undefined, "server_error"],
  ["moon", "server_error"],
  ["slow", "slow"],
])("the measure of %s", (text, key) => {
  expect(measureOf(text).key).toBe(key);
});

describe("which groups of the gateways’ view are of a measure", () => {
  test.each([
    ["504 of a backend", { backend_id: 2, event_type: 53, status_class: 5 }, "server_error"],
    ["refused connection", { backend_id: 9, event_type: 60, status_class: 5 }, "server_error"],
    ["no server to ask", { backend_id: 0, event_type: 62, status_class: 5 }, "server_error"],
    ["404 of a backend", { backend_id: 1, event_type: 0, status_class: 4 }, "client_error"],
    ["missing key", { backend_id: 0, event_type: 10, status_class: 4 }, "client_error"],
    ["over its rate", { backend_id: 0, event_type: 0, status_class: 4 }, "rejected"],
    ["address blocked", { backend_id: 0, event_type: 20, status_class: 4 }, "rejected"],
    ["success", { backend_id: 1, event_type: 0, status_class: 2 }, null],
  ])("%s", (_, group, of) => {
    const all: readonly Measure[] = ["server_error", "client_error", "rejected"];
    expect(all.filter((measure) => belongs(measure, group))).toEqual(of === null ? [] : [of]);
    expect(belongs("requests", group)).toBe(true);
  });
});

test("client errors are the 4xx without those that were rejected", () => {
  const { plus, minus } = recordSums("client_error", SLOW_MS);
  expect(plus).toEqual([{ status: "4xx" }]);
  expect(minus.map(({ traffic_type }) => traffic_type)).toEqual([3, 4, 5, 6]);
  expect(recordSums("client_error", SLOW_MS, 1)).toEqual({ plus: [{ status: "4xx" }], minus: [] });
  expect(recordSums("rejected", SLOW_MS, 3)).toEqual({ plus: [{}], minus: [] });
  expect(recordSums("slow", 250).plus).toEqual([{ time_total_min_ms: 250 }]);
});

describe("lines are narrowed by the measure until something narrower is chosen", () => {
  test.each([
    ["server_error", {}, { status: "5xx" }],
    ["server_error", { server_id: 3 }, { status: "5xx" }],
    ["server_error", { event_type: 53 }, {}],
    ["client_error", { status: "404" }, {}],
    ["rejected", {}, { traffic_type: 3 }],
    ["requests", {}, {}],
    ["slow", { status: "5xx" }, { time_total_min_ms: SLOW_MS }],
  ] satisfies [Measure, RecordFilter, RecordFilter][])("%s with %j", (measure, chosen, implied) => {
    expect(impliedFilter(measure, SLOW_MS, chosen)).toEqual(implied);
  });
});
