import type { CustomerService } from "@suiftly/ui/api/admin";
import { expect, test } from "vitest";
import { because, instead } from "./whatIf";

function service(service: string, tier: string, change: Partial<CustomerService>): CustomerService {
  return {
    service,
    tier,
    is_enabled: true,
    config: {},
    scheduled: null,
    paid_through: null,
    enabled_at: null,
    disabled_at: null,
    ...change,
  };
}

test("every other tier, and burst the other way", () => {
  const options = instead([
    service("seal", "pro", { config: { burst: true } }),
    service("grpc", "starter", {}),
    service("graphql", "pro", { is_enabled: false }),
  ]);
  expect(options.map(({ words, burst }) => [words, burst])).toEqual([
    ["Seal Starter", false],
    ["Seal Enterprise", true],
    ["Seal Pro without burst", false],
    ["gRPC Pro", false],
    ["gRPC Enterprise", false],
  ]);
});

test.each([
  [145_560_000, 55_070_000, 5_604, "up to 5,604 rejected would be served; $55.07 if bought now"],
  [145_560_000, 55_070_000, 0, "$55.07 if bought now"],
  [-52_000_000, 0, 5_604, "from the 1st"],
])("%i, %i now, %i refused", (delta_micro_usd, now_micro_usd, served_more, words) => {
  const of = { month: "2026-11", before_micro_usd: 1, after_micro_usd: 1 };
  expect(because({ ...of, delta_micro_usd, now_micro_usd, served_more })).toBe(words);
});
