import { describe, expect, test } from "vitest";
import { chipsOf, filterOf, queryOf, type RecordFilter } from "./fields";

describe("filterOf", () => {
  test("takes the filters of an address and nothing else", () => {
    const search = { server_id: 17, status: "5xx", from: "2026-11-22T22:00:00Z", measure: "slow" };
    expect(filterOf(search)).toEqual({ server_id: 17, status: "5xx" });
  });
});

test.each([
  [{}, ""],
  [{ status: "5xx", customer_id: 7 }, "customer_id=7&status=5xx"],
  [{ path_prefix: "v1/f&x" }, "path_prefix=v1%2Ff%26x"],
  [{ backend_id: 0 }, "backend_id=0"],
] satisfies [RecordFilter, string][])("%j is asked as %s", (filter, query) => {
  expect(queryOf(filter)).toBe(query);
});

test("chips say numbers in words; a customer's name is found elsewhere", () => {
  const filter: RecordFilter = {
    customer_id: 7,
    server_id: 34,
    backend_id: 12,
    event_type: 53,
    traffic_type: 2,
    path_prefix: "v1/",
    time_total_min_ms: 500,
  };
  const said = chipsOf(filter, (id) => `fra-${id}`).map(
    ({ name, sign, value }) => `${name} ${sign} ${value}`,
  );
  expect(said).toEqual([
    "customer = null",
    "server = fra-34",
    "backend = backup 12",
    "event = 504 no answer",
    "traffic = burst",
    "path begins v1/",
    "took ≥ 500 ms",
  ]);
});
