import { ApiError, HOUR_MS, MINUTE_MS } from "@suiftly/ui";
import type { KeyView, ServiceWord } from "@suiftly/ui/api/customer";
import { describe, expect, test } from "vitest";
import { LANGUAGES } from "../src/keys/call/language";
import { snippet } from "../src/keys/call/snippets";
import { matches } from "../src/keys/match";
import { harmless, readKeysSearch } from "../src/keys/search";
import { slotOrder } from "../src/keys/slotOrder";
import {
  hoursWords,
  lastUsedWords,
  leftWords,
  overlapEffect,
  slotWords,
  untilWords,
} from "../src/keys/words";
import { untilEverywhere } from "../src/services/inForce";

const NOW = Date.parse("2026-11-22T13:30:00Z");
const KEY = "SAECAGBCF0GRYR341VCNXN4EDRVTWUIODBYV5";

const key: KeyView = {
  id: 1,
  service: "seal",
  network: "mainnet",
  name: "Production",
  prefix: "SAECAGBC",
  state: "active",
  created_at: "2026-09-02T10:00:00Z",
  revoked_at: null,
  expires_at: null,
  replaces: null,
  usage: null,
};

describe("the address", () => {
  test.each([
    [{}, {}],
    [
      { service: "seal", filter: "prod", call: "rust" },
      { service: "seal", filter: "prod", call: "rust" },
    ],
    [{ new: "grpc" }, { new: "grpc" }],
    [{ service: "walrus", new: "walrus", filter: "", call: "go" }, {}],
    [{ filter: 12 }, { filter: "12" }],
    [{ filter: KEY }, { filter: "SAECAGBC" }],
  ])("%j is read as %j", (given, expected) => {
    expect(readKeysSearch(given)).toEqual(expected);
  });

  test("a key in full never stands in it", () => {
    expect(harmless(`x ${KEY} y`)).toBe("x SAECAGBC y");
    expect(harmless("a-name-of-ordinary-length")).toBe("a-name-of-ordinary-length");
  });
});

test.each([
  ["", true],
  ["prod", true],
  ["saec", true],
  ["mainnet seal", true],
  ["prod testnet", false],
  ["SAECX", false],
])("the filter %j picks it: %j", (filter, expected) => {
  expect(matches(key, filter)).toBe(expected);
});

test.each([
  [0, 2, "0 of 2 slots · 2 included, up to 10 at $1.00 a month each"],
  [1, 2, "1 of 2 slots · included"],
  [2, 2, "2 of 2 slots · all included"],
  [4, 10, "4 of 10 slots · 2 included, 2 at $1.00 a month each"],
])("%i of %i slots", (used, allowed, words) => {
  const offer = {
    price_book: 1,
    tiers: [],
    add_ons: { api_key_micro_usd: 1_000_000, burst_micro_usd: 0 },
    included: {
      api_keys: 2,
      api_keys_max: 10,
      ip_allowlist_max: 0,
      origins_max: 0,
      packages_per_seal_key: 0,
      packages_per_seal_key_max: 0,
      seal_keys: 0,
      seal_keys_max: 0,
    },
    requests: {
      model: "per_unit",
      price_micro_usd: 1,
      bands: [],
      per_units: 1,
      free_units: 0,
      minimum_micro_usd: 0,
    },
  };
  expect(slotWords({ api_keys: { used, allowed }, offer })).toBe(words);
});

describe("times", () => {
  test.each([
    [1, "1 hour"],
    [24, "1 day"],
    [50, "2 days 2 hours"],
    [168, "7 days"],
  ])("%i hours", (hours, words) => expect(hoursWords(hours)).toBe(words));

  test.each([
    [NOW + HOUR_MS, "14:30"],
    [NOW + 24 * HOUR_MS, "23 Nov 13:30"],
  ])("until %i", (at, words) => expect(untilWords(at, NOW)).toBe(words));

  test.each([
    [-5, "0 min left"],
    [0.5, "1 min left"],
    [59, "59 min left"],
    [60, "1 h left"],
    [185, "3 h 5 min left"],
    [6 * 24 * 60 + 240, "6 d 4 h left"],
    [7 * 24 * 60, "7 d left"],
  ])("%d minutes left", (minutes, words) => {
    expect(leftWords(NOW + minutes * MINUTE_MS, NOW)).toBe(words);
  });

  test("what an overlap does is said before it is done", () => {
    expect(overlapEffect(key, 0, NOW)).toContain("SAECAGBC… stops at every gateway");
    expect(overlapEffect(key, 1, NOW)).toContain("Both keys work until 14:30, in 1 hour.");
  });

  test("what is not known of its use is not said to be never", () => {
    expect(lastUsedWords({ usage: null }, NOW)).toBeNull();
  });
});

describe("a full house", () => {
  const document = {
    code: "key_limit_reached",
    used: 2,
    slots: 2,
    order: {
      order: "change",
      subscription: { tier: "pro", burst: true, extra_api_keys: 1 },
      total_now_micro_usd: 300_000,
      total_next_month_micro_usd: 51_000_000,
    },
  };
  const refusal = (code: string, of: unknown) =>
    new ApiError(409, { code, title: "Full." }, { document: of });

  test("comes with the order that makes room", () => {
    expect(slotOrder(refusal("key_limit_reached", document))).toEqual({
      used: 2,
      slots: 2,
      order: {
        subscription: { tier: "pro", burst: true, extra_api_keys: 1 },
        nowMicroUsd: 300_000,
        monthlyMicroUsd: 51_000_000,
      },
    });
  });

  test.each([
    ["no order", { ...document, order: undefined }],
    ["an order this page cannot read", { ...document, order: { subscription: { tier: "gold" } } }],
  ])("%s: nothing can be booked", (_, of) => {
    expect(slotOrder(refusal("key_limit_reached", of))?.order).toBeNull();
  });

  test.each([
    ["another refusal", refusal("not_enabled", document)],
    ["no refusal at all", new TypeError("fetch failed")],
    ["without figures", refusal("key_limit_reached", null)],
  ])("%s is none", (_, error) => expect(slotOrder(error)).toBeNull());
});

describe("until every gateway has it", () => {
  async function measured(answers: readonly boolean[]): Promise<number | null> {
    let clock = 1_000;
    let asked = 0;
    return untilEverywhere(900, {
      isUpdating: async () => {
        clock += 10;
        asked += 1;
        return answers[Math.min(asked, answers.length) - 1] ?? false;
      },
      now: () => clock,
      wait: async (ms) => {
        clock += ms;
      },
    });
  }

  test("from under way to done", async () => {
    expect(await measured([false, true, true, false])).toBe(260);
  });

  test("what is never seen under way is done once it must have been taken up", async () => {
    expect(await measured([false])).toBeGreaterThanOrEqual(300);
  });

  test("what does not end is not waited for", async () => {
    expect(await measured([true])).toBeNull();
  });
});

const SERVICES: readonly ServiceWord[] = ["seal", "grpc", "graphql"];
const EVERY = SERVICES.flatMap((service) =>
  LANGUAGES.map(({ value }) => [service, value] as const),
);

test.each(EVERY)("the first call of %s in %s", (service, language) => {
  const text = snippet(language, service, "https://seal.example/");
  expect(text).toContain("https://seal.example/");
  expect(text).not.toContain("example//");
  expect(text).toContain("SUIFTLY_KEY");
  expect(text).toContain("X-API-Key");
  expect(text).toMatchSnapshot();
});
