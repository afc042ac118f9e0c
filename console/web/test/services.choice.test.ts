import type { Offer, ServiceView } from "@suiftly/ui/api/customer";
import { describe, expect, test } from "vitest";
import { type Choice, goal, nearest, searchOf, standing } from "../src/services/configure/choice";
import { orderFor } from "../src/services/configure/order";
import { readChoiceSearch } from "../src/services/configure/search";

const TIERS = [
  { tier: "starter", monthly_micro_usd: 1, guaranteed_per_second: 500, burst_per_second: null },
  { tier: "pro", monthly_micro_usd: 2, guaranteed_per_second: 1_000, burst_per_second: 2_000 },
];
const INCLUDED = {
  api_keys: 2,
  api_keys_max: 10,
  seal_keys: 1,
  seal_keys_max: 10,
  packages_per_seal_key: 3,
  packages_per_seal_key_max: 10,
};
const SEAL = { tiers: TIERS, included: INCLUDED } as Offer;
const NO_SEAL = {
  tiers: TIERS,
  included: {
    ...INCLUDED,
    seal_keys: 0,
    seal_keys_max: 0,
    packages_per_seal_key: 0,
    packages_per_seal_key_max: 0,
  },
} as Offer;

const PLAIN: Choice = {
  tier: "pro",
  burst: false,
  extra_seal_keys: 0,
  extra_packages: 0,
  extra_api_keys: 0,
};
const AT = "2026-12-01T00:00:00Z";

function service(
  subscription: Choice | null,
  scheduled: ServiceView["scheduled"] = null,
): ServiceView {
  return { service: "seal", offer: SEAL, subscription, scheduled } as ServiceView;
}

describe("nearest", () => {
  test.each([
    ["starter has no burst", { tier: "starter", burst: true }, SEAL, { tier: "starter" }],
    ["an unknown tier", { tier: "enterprise" }, SEAL, { tier: "starter" }],
    ["too many API keys", { extra_api_keys: 99 }, SEAL, { extra_api_keys: 8 }],
    ["packages of one seal key", { extra_packages: 99 }, SEAL, { extra_packages: 7 }],
    [
      "packages of two seal keys",
      { extra_seal_keys: 1, extra_packages: 99 },
      SEAL,
      { extra_seal_keys: 1, extra_packages: 14 },
    ],
    ["no seal keys but of seal", { extra_seal_keys: 3, extra_packages: 3 }, NO_SEAL, {}],
  ] as const)("%s", (_, wish, offer, fitting) =>
    expect(nearest({ ...PLAIN, ...wish }, offer)).toEqual({ ...PLAIN, ...fitting }),
  );
});

describe("the address", () => {
  test("holds what is another", () => {
    expect(searchOf({ ...PLAIN, burst: true, extra_api_keys: 1 }, PLAIN)).toEqual({
      burst: true,
      extra_api_keys: 1,
    });
    expect(searchOf(PLAIN, PLAIN)).toEqual({});
  });

  test.each([
    [
      { tier: "pro", burst: true, extra_packages: 2 },
      { tier: "pro", burst: true, extra_packages: 2 },
    ],
    [{ tier: "gold", burst: "yes", extra_packages: -1, extra_api_keys: 1.5, x: 1 }, {}],
    [{ tier: "constructor" }, {}],
  ])("reads %j", (search, read) => expect(readChoiceSearch(search)).toEqual(read));
});

describe("the order", () => {
  const starter: Choice = { ...PLAIN, tier: "starter" };
  const ending = { at: AT, subscription: null };
  const falling = { at: AT, subscription: starter };
  test.each([
    ["not enabled", service(null), PLAIN, { order: "enable", subscription: PLAIN }],
    ["as it is", service(PLAIN), PLAIN, null],
    ["another tier", service(PLAIN), starter, { order: "change", subscription: starter }],
    ["ending, kept", service(PLAIN, ending), PLAIN, { order: "resume" }],
    [
      "ending, changed",
      service(PLAIN, ending),
      starter,
      { order: "change", subscription: starter },
    ],
    ["as it is scheduled", service(PLAIN, falling), starter, null],
    ["scheduled, taken back", service(PLAIN, falling), PLAIN, { order: "resume" }],
  ])("%s", (_, view, choice, order) => expect(orderFor(view, choice)).toEqual(order));

  test("begins where the service is going", () => {
    expect(standing(service(PLAIN, falling))).toEqual(starter);
    expect(standing(service(PLAIN, ending))).toEqual(PLAIN);
    expect(standing(service(null)).tier).toBe("starter");
    expect(goal(service(PLAIN, ending))).toBeNull();
  });
});
