import { NO_COUNTS } from "@suiftly/ui";
import type { TopCustomer, TopCustomers } from "@suiftly/ui/api/admin";
import { describe, expect, it } from "vitest";
import { changeOf, orderOf, topRows } from "./top";

const customer = (customer_id: number, change: Partial<TopCustomer> = {}): TopCustomer => ({
  customer_id,
  value: 200,
  value_before: 100,
  change: 100,
  counts: { ...NO_COUNTS, requests: 3_600, guaranteed: 3_600 },
  rated_micro_usd: 5_000,
  ...change,
});

const answer = (top: TopCustomer[], movers: TopCustomer[] = []): TopCustomers => ({
  epoch: 1,
  complete_to: "2026-11-22T14:00:00Z",
  from: "2026-11-22T13:00:00Z",
  to: "2026-11-22T15:00:00Z",
  before_from: "2026-11-22T11:00:00Z",
  by: "money",
  top,
  movers,
});

describe("topRows", () => {
  it("has the rate over what has passed of the range", () => {
    const [row] = topRows(answer([customer(7)]), "money");
    expect(row).toMatchObject({ customerId: 7, perSecond: 1, microUsd: 5_000, isFailing: false });
  });

  it("has movers by themselves, ranked by money", () => {
    const rows = topRows(answer([customer(1)], [customer(2), customer(3)]), "movers");
    expect(rows.map(({ customerId }) => customerId)).toEqual([2, 3]);
    expect(orderOf("movers")).toBe("money");
    expect(orderOf("errors")).toBe("errors");
  });

  it.each([
    ["one in a hundred", 36, true],
    ["fewer", 35, false],
  ])("marks 5xx: %s", (_, server_error, isFailing) => {
    const counts = { ...NO_COUNTS, requests: 3_600, server_error };
    expect(topRows(answer([customer(1, { counts })]), "errors")[0]?.isFailing).toBe(isFailing);
  });
});

describe("changeOf", () => {
  it.each([
    [103, 100, "+3%", false],
    [100, 100, "0%", false],
    [98, 100, "−2%", false],
    [0, 100, "−100%", true],
    [512, 100, "+412%", true],
    [1_200, 100, "×12", true],
    [5, 0, "new", true],
    [0, 0, "0%", false],
  ])("%d after %d", (now, before, text, isLarge) => {
    expect(changeOf(now, before)).toMatchObject({ text, isLarge });
  });
});
