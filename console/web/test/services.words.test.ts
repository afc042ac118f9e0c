import type { OrderItem, OrderQuote, ServiceView, Terms } from "@suiftly/ui/api/customer";
import { describe, expect, test } from "vitest";
import { serviceStatus } from "../src/app/serviceStatus";
import {
  actWords,
  doneWords,
  itemWords,
  lessWords,
  proRataWords,
  roundUsd,
  thenWords,
  usagePriceWords,
  wholeCents,
} from "../src/services/configure/words";
import { checkPackage, lossWords, packagesWords, shortHex } from "../src/services/packages/words";
import { whyNot } from "../src/services/whyNot";

const PRO: Terms = {
  tier: "pro",
  burst: true,
  extra_api_keys: 2,
  extra_seal_keys: 1,
  extra_packages: 0,
};

function item(one: Partial<OrderItem>): OrderItem {
  return {
    item: "tier",
    description: "",
    tier: null,
    instead_of: null,
    quantity: 1,
    monthly_micro_usd: 5_000_000,
    days: 9,
    days_in_month: 30,
    amount_micro_usd: 1_500_000,
    ...one,
  };
}
const ENTERPRISE = item({ tier: "enterprise", instead_of: "pro" });
const KEYS = item({ item: "seal_key", quantity: 2 });
const BURST = item({ item: "burst" });

function quote(one: Partial<OrderQuote>): OrderQuote {
  return {
    effect: "now",
    effect_at: null,
    items_next_month: [],
    items_now: [],
    next_month: "2026-12",
    price_book: 1,
    scheduled: null,
    subscription: PRO,
    total_next_month_micro_usd: 0,
    total_now_micro_usd: 0,
    ...one,
  };
}
const to = (subscription: Terms | null) => ({ at: "2026-12-01T00:00:00Z", subscription });
const paid = (...items_now: OrderItem[]) => quote({ items_now, total_now_micro_usd: 58_000_000 });
const starter = quote({ scheduled: to({ ...PRO, tier: "starter", burst: false }) });
const fewer = quote({ scheduled: to({ ...PRO, extra_api_keys: 0 }) });

describe("the button", () => {
  test.each([
    ["enable", paid(item({ tier: "pro" })), "Enable for $58.00"],
    ["change", paid(ENTERPRISE), "Upgrade to Enterprise for $58.00"],
    ["change", paid(ENTERPRISE, KEYS), "Upgrade to Enterprise for $58.00"],
    ["change", paid(KEYS), "Add 2 more seal keys for $58.00"],
    ["change", paid(BURST), "Add burst for $58.00"],
    ["change", paid(BURST, KEYS), "Add them for $58.00"],
    ["change", starter, "Go to Starter on 1 December"],
    ["change", fewer, "Change on 1 December"],
    ["change", quote({}), "Keep Seal on Pro"],
    ["resume", quote({}), "Keep Seal on Pro"],
  ] as const)("%s: %#", (order, quoted, words) =>
    expect(actWords({ order, quote: quoted, name: "Seal" })).toBe(words),
  );

  test.each([
    ["enable", paid(item({ tier: "pro" })), "enable"],
    ["change", paid(ENTERPRISE), "upgrade to Enterprise"],
  ] as const)("%s, after something else", (order, quoted, words) =>
    expect(thenWords({ order, quote: quoted, name: "Seal" })).toBe(words),
  );

  test.each([
    ["enable", paid(item({})), "Seal is enabled."],
    ["change", paid(ENTERPRISE), "Seal is on Enterprise."],
    ["change", paid(KEYS), "Seal has what you added."],
    ["change", starter, "Seal changes on 1 December."],
    ["resume", quote({}), "Seal goes on as it is."],
    ["disable", quote({ scheduled: to(null) }), "Seal ends on 1 December."],
  ] as const)("%s, done: %#", (order, quoted, words) =>
    expect(doneWords({ order, quote: quoted, name: "Seal" })).toBe(words),
  );
});

describe("items", () => {
  test.each([
    [ENTERPRISE, "Enterprise instead of Pro", "$5.00 more a month, for 9 of 30 days"],
    [item({ tier: "pro" }), "Pro", "$5.00 a month, for 9 of 30 days"],
    [KEYS, "2 more seal keys", "$5.00 a month each, for 9 of 30 days"],
    [item({ item: "api_key" }), "1 more API key", "$5.00 a month, for 9 of 30 days"],
    [item({ item: "moon", description: "Moon" }), "Moon", "$5.00 a month, for 9 of 30 days"],
  ])("%#", (one, words, days) => {
    expect(itemWords(one)).toBe(words);
    expect(proRataWords(one)).toBe(days);
  });

  test.each([
    [PRO, null, ["Seal ends"]],
    [PRO, PRO, []],
    [
      PRO,
      { ...PRO, tier: "starter", burst: false, extra_api_keys: 1, extra_seal_keys: 0 },
      ["Pro becomes Starter", "Burst ends", "1 seal key fewer", "1 API key fewer"],
    ],
    [PRO, { ...PRO, extra_api_keys: 0, extra_packages: 4 }, ["2 API keys fewer"]],
  ])("what is less: %#", (from, after, words) =>
    expect(lessWords(from, after, "Seal")).toEqual(words),
  );
});

test("amounts", () => {
  expect(roundUsd(40_000_000)).toBe("$40");
  expect(roundUsd(40_500_000)).toBe("$40.50");
  expect(wholeCents(15_000_000)).toBe(1_500);
  expect(wholeCents(15_000_001)).toBe(1_501);
});

describe("usage prices", () => {
  const plain = {
    model: "per_unit",
    bands: [],
    free_units: 0,
    minimum_micro_usd: 0,
    price_micro_usd: 1_000_000,
    per_units: 10_000,
  };
  test.each([
    [plain, "$1.00 per 10,000"],
    [{ ...plain, price_micro_usd: 60_000, per_units: 1024 ** 3 }, "$0.06 per GiB"],
    [{ ...plain, model: "graduated", price_micro_usd: null }, null],
    [{ ...plain, free_units: 100 }, null],
  ])("%#", (price, words) => expect(usagePriceWords(price)).toBe(words));
});

describe("packages", () => {
  test.each([
    ["0x2", null],
    [`0x${"f".repeat(64)}`, null],
    ["0x", /hexadecimal/],
    [`0x${"f".repeat(65)}`, /hexadecimal/],
    ["2", /hexadecimal/],
    ["0x00", /zeros/],
  ])("%s", (text, why) =>
    why === null ? expect(checkPackage(text)).toBeNull() : expect(checkPackage(text)).toMatch(why),
  );

  test("in words", () => {
    expect(shortHex(`0x${"0".repeat(60)}abcd`)).toBe("0x00000000…0000abcd");
    expect(shortHex("0x2")).toBe("0x2");
    expect(packagesWords(2, 3)).toBe("2 of 3 included packages");
    expect(packagesWords(5, 3)).toBe("5 packages: 3 included and 2 more");
    const key = { packages: 2 } as Parameters<typeof lossWords>[0];
    expect(lossWords(key)).toMatch(/Its 2 packages go with it/);
  });
});

describe("status", () => {
  const view = (one: Partial<ServiceView>) =>
    ({
      status: "ok",
      is_updating: false,
      status_detail: null,
      status_since: null,
      ...one,
    }) as ServiceView;
  test.each([
    [view({}), "ok"],
    [view({ is_updating: true }), "updating"],
    [view({ status: "config_needed", is_updating: true }), "updating"],
    [view({ status: "suspended", is_updating: true }), "suspended"],
    [view({ status: "down", is_updating: true }), "down"],
    [view({ status: "disabled" }), "disabled"],
  ])("%#", (one, status) => expect(serviceStatus(one)).toBe(status));

  test.each([
    [view({}), undefined, null],
    [view({ status: "disabled", state: "never_enabled" }), undefined, "enable"],
    [view({ status: "config_needed", active_api_keys: 0 }), undefined, "api-key"],
    [view({ status: "config_needed", active_api_keys: 1 }), undefined, "package"],
    [view({ status: "suspended" }), "insufficient_balance", "deposit"],
    [view({ status: "suspended" }), "monthly_limit", "limit"],
    [view({ status: "suspended" }), "suspended", "support"],
    [view({ status: "down", status_detail: "no gateway is up" }), undefined, "support"],
  ] as const)("the way out: %#", (one, state, remedy) => {
    const money =
      state && ({ state, resume_deposit_usd_cents: null } as Parameters<typeof whyNot>[2]);
    expect(whyNot(one, "Seal", money)?.remedy ?? null).toBe(remedy);
  });

  test("the API’s reason is a sentence", () => {
    const down = view({ status: "down", status_detail: "no gateway answers" });
    expect(whyNot(down, "Seal", undefined)?.words).toBe("Seal went down. No gateway answers.");
  });
});
