import { describe, expect, it } from "vitest";
import { bookRows, changesOf, isLinear, priceWords, readPrice } from "./book";
import {
  fieldsOf,
  firstHour,
  microUsdText,
  nextBook,
  parseBook,
  parseMicroUsd,
  textOf,
  whyNot,
  withField,
} from "./draft";

const V1 = {
  version: 1,
  effective_from: 0,
  requests: { price: 1_000_000, per_units: 10_000 },
  bytes: { price: 60_000, per_units: 1_073_741_824 },
  bytes_billed_for: [2, 3],
  subscriptions: {
    starter: 20_000_000,
    pro: 40_000_000,
    enterprise: 185_000_000,
    burst: 10_000_000,
    seal_key: 5_000_000,
    package: 1_000_000,
    api_key: 1_000_000,
  },
};
const NOW = Date.parse("2026-11-22T22:40:00Z");

describe("a price in words", () => {
  it.each([
    [{ price: 1_000_000, per_units: 10_000 }, "request", "$1.00 per 10,000 requests"],
    [{ price: 60_000, per_units: 1_073_741_824 }, "byte", "$0.06 per GiB"],
    [{ price: 120, per_units: 1 }, "request", "$0.000120 per request"],
    [{ model: "flat", price: 5_000_000 }, "request", "$5.00 a month, however many"],
    [
      { model: "package", price: 2_000_000, per_units: 1_000 },
      "request",
      "$2.00 for each started 1,000 requests",
    ],
    [
      {
        model: "graduated",
        per_units: 10_000,
        bands: [{ up_to: 1_000_000, price: 1_000_000 }, { price: 800_000 }],
        free_units: 1_000,
        minimum: 500_000,
      },
      "request",
      "$1.00 up to 1,000,000 requests, then $0.80, per 10,000 requests, each at its band’s price, the first 1,000 requests of a month free, at least $0.50 a month once used",
    ],
  ] as const)("%j", (price, of, words) => {
    expect(priceWords(readPrice(price), of)).toBe(words);
  });
});

describe("a book in people’s terms", () => {
  it("has everything", () => {
    const rows = bookRows({ ...V1, requests_for: { 3: { price: 2_000_000, per_units: 10_000 } } });
    expect(rows.map(({ word, value }) => [word, value])).toEqual([
      ["Requests", "$1.00 per 10,000 requests"],
      ["Requests of GraphQL", "$2.00 per 10,000 requests"],
      ["Data of gRPC and GraphQL", "$0.06 per GiB"],
      ["Starter", "$20.00"],
      ["Pro", "$40.00"],
      ["Enterprise", "$185.00"],
      ["Burst", "$10.00"],
      ["Each seal key beyond those included", "$5.00"],
      ["Each package beyond those included", "$1.00"],
      ["Each API key beyond those included", "$1.00"],
      ["Answers", "status 100 to 399"],
      ["Traffic", "guaranteed and burst"],
    ]);
  });
  it("says what another says otherwise", () => {
    const after = withField(V1, { path: ["subscriptions", "pro"], word: "Pro" }, 45_000_000);
    expect(changesOf(V1, after)).toEqual([{ word: "Pro", before: "$40.00", after: "$45.00" }]);
    expect(changesOf(V1, V1)).toEqual([]);
    const none = changesOf(V1, { ...V1, bytes_billed_for: [] });
    expect(none).toEqual([
      { word: "Data of gRPC and GraphQL", before: "$0.06 per GiB", after: null },
      { word: "Data", before: null, after: "free" },
    ]);
  });
  it("knows whether months matter", () => {
    expect(isLinear(V1)).toBe(true);
    expect(isLinear({ ...V1, requests: { ...V1.requests, free_units: 1 } })).toBe(false);
    expect(isLinear({ ...V1, requests_for: { 1: { model: "flat", price: 1 } } })).toBe(false);
  });
});

describe("a draft", () => {
  it("takes effect on the first whole hour that is a quarter of an hour away", () => {
    const iso = (now: string) => new Date(firstHour(Date.parse(now))).toISOString().slice(11, 16);
    expect(iso("2026-11-22T22:40:00Z")).toBe("23:00");
    expect(iso("2026-11-22T22:45:00Z")).toBe("23:00");
    expect(iso("2026-11-22T22:45:00.001Z")).toBe("00:00");
    expect(nextBook(V1, [1, 4], NOW)).toMatchObject({ version: 5, requests: V1.requests });
  });
  it("is read from its text", () => {
    expect(parseBook(textOf(V1))).toEqual({ book: V1, wrong: null });
    expect(parseBook("[1]").wrong).toBe("A book is a JSON object.");
    expect(parseBook("{").wrong).toMatch(/^This is no JSON: /);
  });

  const others = { versions: [1], lastFrom: 0, before: V1, now: NOW };
  const soon = Date.parse("2026-11-23T00:00:00Z");
  it.each([
    [{ version: 2, effective_from: soon }, null],
    [{ version: 1, effective_from: soon }, "Version 1 is not above all others."],
    [
      { version: 2, effective_from: soon + 1 },
      "It takes effect on a whole UTC hour, and on no other instant.",
    ],
    [
      { version: 2, effective_from: Date.parse("2026-11-22T22:00:00Z") },
      "It takes effect a quarter of an hour from now at the earliest.",
    ],
    [
      { version: 2, effective_from: soon, requests: { model: "flat", price: 1 } },
      "Quotas, bands, packages and minimums begin with a month: the 1st at 00:00.",
    ],
    [
      {
        version: 2,
        effective_from: Date.parse("2026-12-01T00:00:00Z"),
        requests: { model: "flat", price: 1 },
      },
      null,
    ],
    [{ version: "2", effective_from: soon }, "It needs a version: a whole number."],
  ])("%j: %s", (change, words) => {
    expect(whyNot({ ...V1, ...change }, others)).toBe(words);
  });
  it("comes after those that are published", () => {
    const book = { ...V1, version: 2, effective_from: soon };
    expect(whyNot(book, { ...others, lastFrom: soon })).toMatch(/^It takes effect after every/);
  });

  it.each([
    ["$0.06", 60_000, "0.06"],
    ["1,250.5", 1_250_500_000, "1250.50"],
    ["0.000001", 1, "0.000001"],
    ["20", 20_000_000, "20.00"],
  ])("%s is %d micro-dollars", (text, microUsd, shown) => {
    expect(parseMicroUsd(text)).toBe(microUsd);
    expect(microUsdText(microUsd)).toBe(shown);
  });
  it.each(["", "-1", "1.0000001", "x", "1e3"])("%j is no amount", (text) => {
    expect(parseMicroUsd(text)).toBeNull();
  });
  it("offers the prices that are one amount", () => {
    const words = fieldsOf(V1).map(({ word }) => word);
    expect(words).toHaveLength(9);
    expect(words.slice(0, 3)).toEqual([
      "Requests, $ per 10,000",
      "Data, $ per GiB",
      "Starter, $ a month",
    ]);
    const banded = { ...V1, requests: { model: "volume", bands: [] } };
    expect(fieldsOf(banded).map(({ path }) => path[0])).not.toContain("requests");
  });
});
