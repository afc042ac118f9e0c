// The settings' rules: browsers in words, thresholds in their units, what an alert means, what a delivery became.
import { ApiError } from "@suiftly/ui";
import type { AlertMetricWord, DeliveryView } from "@suiftly/ui/api/customer";
import { describe, expect, it } from "vitest";
import {
  centsOf,
  ofCents,
  readThreshold,
  thresholdWords,
  writeThreshold,
} from "../src/settings/alerts/threshold";
import { meaningOf, repetitionOf, tellingOf } from "../src/settings/alerts/words";
import { asSentence, refusedBy } from "../src/settings/fields";
import { readParty, writeParty } from "../src/settings/profile/party";
import { browserWords } from "../src/settings/sessions/browser";
import { webhooksSearch } from "../src/settings/webhooks/search";
import { eventsWords, outcomeWords } from "../src/settings/webhooks/words";

const MOZILLA = "Mozilla/5.0";
const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

it.each([
  [`${MOZILLA} (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0`, "Firefox 131 on Linux"],
  [
    `${MOZILLA} (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/130.0.0.0 Safari/537.36`,
    "Chrome 130 on Windows",
  ],
  [
    `${MOZILLA} (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0`,
    "Edge 130 on Windows",
  ],
  [
    `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15`,
    "Safari 17 on macOS",
  ],
  [
    `${MOZILLA} (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1`,
    "Safari 17 on iPhone",
  ],
  [
    `${MOZILLA} (Linux; Android 14) ${WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36`,
    "Chrome 130 on Android",
  ],
  [
    `${MOZILLA} (X11; Linux x86_64) ${WEBKIT} HeadlessChrome/156.0.0.0 Safari/537.36`,
    "Chrome 156 on Linux",
  ],
  [`${MOZILLA} (X11; Linux x86_64) Something`, "A browser on Linux"],
  ["curl/7.88.1", "curl 7.88.1"],
  ["Python-urllib/3.11", "Python-urllib 3.11"],
  ["my robot", "my robot"],
  ["", "A program that gave no name"],
])("%s is %s", (userAgent, words) => {
  expect(browserWords(userAgent)).toBe(words);
});

describe("thresholds", () => {
  it.each([
    ["count", "10000", 10_000],
    ["count", " 10,000 ", 10_000],
    ["count", "1 000 000", 1_000_000],
    ["count", "1.5", null],
    ["count", "many", null],
    ["count", "", null],
    ["count", "-3", null],
    ["percent", "80", 80],
    ["percent", "80%", null],
    ["gib", "1.5", 1_610_612_736],
    ["gib", "9,999,999,999", null],
  ] as const)("%s “%s” is read as %s", (unit, text, expected) => {
    expect(readThreshold(unit, text)).toBe(expected);
  });

  it.each([
    ["count", 10_000, "10,000"],
    ["gib", 1_610_612_736, "1.5"],
  ] as const)("%s %s is written as “%s”, and read back", (unit, threshold, text) => {
    expect(writeThreshold(unit, threshold)).toBe(text);
    expect(readThreshold(unit, text)).toBe(threshold);
  });

  it("are cents where they are money", () => {
    expect(centsOf(ofCents(1_234))).toBe(1_234);
    expect([centsOf(null), ofCents(null)]).toEqual([null, null]);
  });

  it.each<[AlertMetricWord, number, string]>([
    ["spend", 100_000_000, "$100.00"],
    ["balance_below", 5_000_000, "$5.00"],
    ["spend_percent", 80, "80%"],
    ["bytes", 1_610_612_736, "1.50 GiB"],
    ["errors", 1_000, "1,000"],
  ])("of %s %s are said as %s", (metric, threshold, words) => {
    expect(thresholdWords(metric, threshold)).toBe(words);
  });
});

describe("an alert in words", () => {
  it.each([
    [
      { metric: "spend", period: "month", service: null, threshold: 100_000_000 },
      "Usage and subscriptions reach $100.00 in a month.",
    ],
    [
      { metric: "requests", period: "hour", service: "seal", threshold: 10_000 },
      "Requests to Seal reach 10,000 in an hour.",
    ],
    [
      { metric: "errors", period: "day", service: null, threshold: 50 },
      "Client and server errors reach 50 in a day.",
    ],
    [
      { metric: "balance_below", period: "month", service: null, threshold: 5_000_000 },
      "The escrow balance falls below $5.00.",
    ],
  ] as const)("%o", (terms, words) => {
    expect(meaningOf(terms)).toBe(words);
  });

  it("says how often and how it is told", () => {
    expect(repetitionOf({ metric: "requests", period: "hour" })).toContain("each UTC hour");
    expect(repetitionOf({ metric: "balance_below", period: "month" })).toContain("each time");
    expect(tellingOf({ by_email: true, by_webhook: true })).toBe("E-mail and webhooks");
    expect(tellingOf({ by_email: false, by_webhook: false })).toBe("Here alone");
  });
});

describe("a refusal", () => {
  const problem = (...fields: string[]) =>
    new ApiError(400, {
      code: "validation",
      title: "Something is wrong.",
      errors: fields.map((field) => ({ field, message: "must not be empty" })),
    });

  it("stands beside its field, and nowhere else", () => {
    const { fields, rest } = refusedBy(problem("name"), ["name", "url"]);
    expect(fields).toEqual({ name: "Must not be empty." });
    expect(rest).toBeNull();
  });

  it("keeps what no field of the form says", () => {
    const { fields, rest } = refusedBy(problem("name", "other"), ["name"]);
    expect(Object.keys(fields)).toEqual(["name"]);
    expect(rest?.errors?.map(({ field }) => field)).toEqual(["other"]);
    expect(refusedBy(problem(), ["name"]).rest?.code).toBe("validation");
  });

  it("is none without one", () => expect(refusedBy(null, ["name"]).rest).toBeNull());

  it("is a sentence", () => expect(asSentence("must begin with https://")).toMatch(/^Must.*\.$/));
});

it("an address goes line by line, and back", () => {
  const typed = { name: " Ada ", address: "Street 1\n\n 8000 Zürich ", country: "ch", taxId: "" };
  const party = {
    name: "Ada",
    address_lines: ["Street 1", "8000 Zürich"],
    country: "CH",
    tax_id: "",
  };
  expect(readParty(typed)).toEqual(party);
  expect(readParty(writeParty(party))).toEqual(party);
});

describe("webhooks", () => {
  const delivery: DeliveryView = {
    id: 1,
    type: "test",
    state: "delivered",
    attempts: 1,
    created_at: "2026-11-22T12:00:00.000Z",
    delivered_at: "2026-11-22T12:00:00.212Z",
    last_error: null,
    last_status: 204,
    next_attempt_at: null,
  };
  const now = Date.parse("2026-11-22T12:00:01Z");

  it.each<[Partial<DeliveryView>, string]>([
    [{}, "Taken after 212 ms, answered 204."],
    [{ delivered_at: "2026-11-23T12:00:00Z" }, "Taken, answered 204."],
    [{ state: "pending", attempts: 0, next_attempt_at: "2026-11-22T12:00:00Z" }, "On its way."],
    [
      { state: "pending", last_status: 500, next_attempt_at: "2026-11-22T12:00:10Z" },
      "Not taken: answered 500. Next try at 12:00:10, after 1 try so far.",
    ],
    [
      { state: "dead", attempts: 13, last_status: null, last_error: "connection refused" },
      "Given up after 13 tries: connection refused.",
    ],
  ])("%o", (part, words) => {
    expect(outcomeWords({ ...delivery, ...part }, now)).toBe(words);
  });

  it("say what they are told of", () => {
    expect(eventsWords(["*"])).toBe("Everything");
    expect(eventsWords(["key", "alert"])).toBe("Alerts, API keys");
  });

  it.each([
    [{ open: 3 }, { open: 3 }],
    [{ open: "3" }, { open: 3 }],
    [{ open: "x" }, {}],
    [{}, {}],
  ])("the address %o opens %o", (search, expected) => {
    expect(webhooksSearch(search)).toEqual(expected);
  });
});
