// The logic of the billing pages: what is believed of a URL, how the bill moves on, how lines are grouped.

import { NO_COUNTS, type Usage } from "@suiftly/ui";
import type { Billing, InvoiceRow, LineView, Series } from "@suiftly/ui/api/customer";
import { describe, expect, it, test } from "vitest";
import { ownPath } from "../src/billing/back";
import { uncutForecast, usedNow } from "../src/billing/bill/live";
import { decimalUsd, toCsv } from "../src/billing/csv";
import { depositWords, hasFallenShort, withdrawable } from "../src/billing/escrow/words";
import { withNotes } from "../src/billing/invoices/rows";
import { limitEffect } from "../src/billing/limit/effect";
import { groupLines } from "../src/billing/lines/group";
import { asBilled, daysOf } from "../src/billing/lines/points";
import { readBillingSearch, readTransactionsSearch } from "../src/billing/search";
import { ownPostings, statementRange } from "../src/billing/transactions/postings";
import { monthEnd, nextFirst, shorten, transactionWords } from "../src/billing/words";

const USD = 1_000_000;

const BILLING: Billing = {
  epoch: 100,
  complete_to: "2026-11-22T18:00:00Z",
  month: "2026-11",
  state: "active",
  state_since: null,
  balance_usd_cents: 5_000,
  withdrawing_usd_cents: 0,
  accrued_micro_usd: 1 * USD,
  credits_micro_usd: 0,
  receivable_micro_usd: 0,
  in_flight_micro_usd: 0,
  max_monthly_usd_cents: 25_000,
  rated_this_month_micro_usd: 10 * USD,
  subscriptions_this_month_micro_usd: 27 * USD,
  used_this_month_micro_usd: 37 * USD,
  remaining_micro_usd: 213 * USD,
  charged_this_month_usd_cents: 3_600,
  charged_last_month_usd_cents: 0,
  forecast: {
    usage_micro_usd: 20 * USD,
    subscriptions_micro_usd: 27 * USD,
    total_micro_usd: 47 * USD,
    is_limited: false,
  },
  draft: null,
  lasts_until: null,
  short_micro_usd: 0,
  resume_deposit_usd_cents: null,
  next_subscriptions_micro_usd: 50 * USD,
  next_subscriptions: [],
};

function usage(change: Partial<Usage>): Usage {
  return {
    epoch: 100,
    completeTo: 0,
    month: "2026-11",
    counts: NO_COUNTS,
    ratedMicroUsd: 10 * USD,
    minutes: [],
    arrivals: [],
    ...change,
  };
}

describe("where one may go back to", () => {
  const cases: readonly [unknown, string | undefined][] = [
    ["/services/seal", "/services/seal"],
    ["/services/seal?tier=pro&open=a%2Fb#keys", "/services/seal?tier=pro&open=a%2Fb#keys"],
    ["/", "/"],
    ["/a/../keys", "/keys"],
    ["//evil.example", undefined],
    ["/\\evil.example", undefined],
    ["/\t/evil.example", undefined],
    ["/a/..//evil.example", undefined],
    ["https://evil.example/", undefined],
    ["javascript:alert(1)", undefined],
    ["services/seal", undefined],
    ["/api/v1/billing", undefined],
    ["/x/../api/v1/billing", undefined],
    ["/apiary", "/apiary"],
    ["", undefined],
    [undefined, undefined],
    [7, undefined],
  ];
  it.each(cases)("%j → %j", (text, path) => expect(ownPath(text)).toBe(path));
});

describe("what a URL of the billing page says", () => {
  const cases: readonly [Record<string, unknown>, object][] = [
    [
      { deposit: 5507, back: "/keys" },
      { deposit: 5507, back: "/keys" },
    ],
    [{ deposit: "5507" }, { deposit: 5507 }],
    [{ deposit: 0 }, {}],
    [{ deposit: -1 }, {}],
    [{ deposit: 5.5 }, {}],
    [{ limit: 0 }, { limit: 0 }],
    [{ limit: "many" }, {}],
    [{ back: "//evil.example" }, {}],
    [
      { open: "seal", day: "2026-11-19", hour: "08", network: "mainnet" },
      { open: "seal", day: "2026-11-19", hour: "08", network: "mainnet" },
    ],
    [
      { open: "seal", day: "2026-11-19", hour: 8 },
      { open: "seal", day: "2026-11-19", hour: "08" },
    ],
    [{ open: "seal", hour: "08", network: "mainnet" }, { open: "seal" }],
    [{ open: "seal", day: "2026-11-31" }, { open: "seal" }],
    [
      { open: "seal", day: "2026-11-19", hour: "24" },
      { open: "seal", day: "2026-11-19" },
    ],
    [{ open: "telnet", day: "2026-11-19" }, {}],
  ];
  it.each(cases)("%j → %j", (raw, read) => expect(readBillingSearch(raw)).toEqual(read));
  test("days of a statement", () => {
    expect(readTransactionsSearch({ from: "2026-11-01", to: "soon" })).toEqual({
      from: "2026-11-01",
    });
  });
});

describe("the live bill", () => {
  const cases: readonly [string, Usage | null, number][] = [
    ["without a stream, what the API said", null, 37],
    ["at the same epoch, the same", usage({}), 37],
    ["moved on by what the stream rated since", usage({ epoch: 101, ratedMicroUsd: 12 * USD }), 39],
    ["a correction downwards at once", usage({ epoch: 101, ratedMicroUsd: 9 * USD }), 36],
    ["a stream that is behind is not believed", usage({ epoch: 99, ratedMicroUsd: 9 * USD }), 37],
    ["nor one of another month", usage({ epoch: 101, month: "2026-12", ratedMicroUsd: 0 }), 37],
  ];
  it.each(cases)("%s", (_, stream, usd) => expect(usedNow(BILLING, stream)).toBe(usd * USD));
  test("a forecast that the limit cut is known uncut", () => {
    expect(uncutForecast(BILLING)).toBe(47 * USD);
  });
});

function line(unit: string, service: string | null, amount: number): LineView {
  return { description: "", unit, service, quantity: 1, unit_price: "", amount_micro_usd: amount };
}

test("lines are grouped, and groups add up to the whole", () => {
  const lines = [
    line("piece", "seal", 12 * USD),
    line("piece", "grpc", 14_666_666),
    line("request", "seal", 648_211_700),
    line("request", "grpc", 31_840_400),
    line("byte", "grpc", 2_503_217),
    line("request", null, 3),
  ];
  const grouped = groupLines(lines);
  expect(grouped.plansMicroUsd).toBe(26_666_666);
  expect(grouped.usage.map(({ service, sumMicroUsd }) => [service, sumMicroUsd])).toEqual([
    ["seal", 648_211_700],
    ["grpc", 34_343_617],
    [null, 3],
  ]);
  const whole = lines.reduce((sum, { amount_micro_usd }) => sum + amount_micro_usd, 0);
  const parts = grouped.usage.reduce((sum, { sumMicroUsd }) => sum + sumMicroUsd, 0);
  expect(grouped.plansMicroUsd + parts).toBe(whole);
  expect(groupLines([])).toEqual({ plans: [], plansMicroUsd: 0, usage: [] });
});

test("every day of the range is there, also those without traffic", () => {
  const counts = { ...NO_COUNTS, requests: 3 };
  const point = { start: "2026-11-02T00:00:00Z", partial: true, counts, rated_micro_usd: 300 };
  const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" };
  const series = { ...range, points: [point] } as Pick<Series, "from" | "to" | "points">;
  const days = daysOf(series);
  expect(
    days.map(({ counts: { requests }, truth, ratedMicroUsd }) => [requests, truth, ratedMicroUsd]),
  ).toEqual([
    [0, "final", 0],
    [3, "filling", 300],
  ]);
});

test("the days of an invoice are what it billed, whatever came later", () => {
  const start = Date.parse("2026-10-03T00:00:00Z");
  const counts = { ...NO_COUNTS, requests: 10, billable_requests: 9 };
  const day = { start, end: start + 1, counts, truth: "final", ratedMicroUsd: 900 } as const;
  const hour = (at: string, requests: number) => ({
    hour: at,
    billable_requests: requests,
    billable_bytes: 0,
    price_book: 1,
    charged_micro_usd: requests * 100,
  });
  const hours = [hour("2026-10-03T08:00:00Z", 3), hour("2026-10-03T09:00:00Z", 4)];
  const [billed] = asBilled([day], hours);
  expect(billed?.counts.billable_requests).toBe(7);
  expect(billed?.ratedMicroUsd).toBe(700);
  expect(asBilled([day], [])[0]?.ratedMicroUsd).toBe(0);
});

test("notes stand under their invoice; one whose invoice is not there stands alone", () => {
  const row = (number: string, corrects: string | null): InvoiceRow => ({
    number,
    corrects,
    kind: corrects === null ? "invoice" : "credit_note",
    month: "2026-10",
    status: "paid",
    issued_at: "",
    payable_micro_usd: 0,
    total_micro_usd: 0,
  });
  const rows = [row("CN-2", "INV-2"), row("INV-2", null), row("CN-1", "INV-1")];
  const listed = withNotes(rows).map(({ invoice, notes }) => [
    invoice.number,
    notes.map(({ number }) => number),
  ]);
  expect(listed).toEqual([
    ["INV-2", ["CN-2"]],
    ["CN-1", []],
  ]);
});

describe("what a limit does", () => {
  const cases: readonly [string, Partial<Billing>, number | null, RegExp, boolean][] = [
    [
      "below what is used",
      {},
      3_000,
      /^You have used \$37\.00 .* pause at once, until 1 Dec /,
      true,
    ],
    ["exactly what is used", {}, 3_700, /pause at once/, true],
    [
      "below the forecast",
      {},
      4_500,
      /\$8\.00 is left\. .*forecast at \$47\.00: .* before 1 Dec/,
      false,
    ],
    ["with room", {}, 50_000, /At \$500\.00 your services pause until 1 Dec\.$/, false],
    ["none", {}, null, /as long as your escrow lasts\.$/, false],
    ["raised while paused", { state: "monthly_limit" }, 50_000, /resume within a second/, false],
  ];
  it.each(cases)("%s", (_, change, cents, words, stops) => {
    const effect = limitEffect({ ...BILLING, ...change }, 37 * USD, cents);
    expect(effect.words).toMatch(words);
    expect(effect.stops).toBe(stops);
  });
});

describe("what a deposit does", () => {
  const short = { state: "insufficient_balance", resume_deposit_usd_cents: 410 };
  const cases: readonly [string, Partial<Billing>, number, string][] = [
    ["plainly", {}, 25_000, "Then $300.00."],
    [
      "covers the forecast",
      { short_micro_usd: 24_700_000 },
      2_500,
      "Then $75.00. That covers this month’s forecast.",
    ],
    [
      "falls short of it",
      { short_micro_usd: 24_700_000 },
      2_000,
      "Then $70.00. Still $4.70 short of this month’s forecast.",
    ],
    ["resumes", short, 410, "Then $54.10. Your services resume within a second."],
    [
      "is too little to resume",
      short,
      400,
      "Then $54.00. Your services resume with $4.10: that is $0.10 more.",
    ],
  ];
  it.each(cases)("%s", (_, change, cents, words) => {
    expect(depositWords({ ...BILLING, ...change }, cents).join(" ")).toBe(words);
  });
  test("a new account has nothing that could have stopped", () => {
    const unused = {
      used_this_month_micro_usd: 0,
      accrued_micro_usd: 0,
      next_subscriptions_micro_usd: 0,
    };
    expect(hasFallenShort({ ...BILLING, ...short })).toBe(true);
    expect(hasFallenShort({ ...BILLING, ...short, ...unused })).toBe(false);
  });
  test("what is asked for already cannot be asked for again", () => {
    expect(withdrawable({ ...BILLING, withdrawing_usd_cents: 1_250 })).toBe(3_750);
  });
});

describe("CSV", () => {
  test("quotes, ends and formulas", () => {
    const rows = [
      ["a,b", 'say "x"', null, -5],
      ["=1+1", "-12.50", "-x", "two\nlines"],
    ];
    expect(toCsv(rows)).toBe('"a,b","say ""x""",,-5\r\n\'=1+1,-12.50,\'-x,"two\nlines"\r\n');
  });
  const amounts: readonly [number, string][] = [
    [754_215_312, "754.215312"],
    [-1_840_000, "-1.840000"],
    [90, "0.000090"],
    [0, "0.000000"],
  ];
  it.each(amounts)("%d micro-dollars are %s", (microUsd, text) => {
    expect(decimalUsd(microUsd)).toBe(text);
  });
});

test("a statement has whole days, and of its postings the owner's", () => {
  expect(statementRange("2026-11-01", "2026-11-30")).toEqual({
    from: "2026-11-01T00:00:00Z",
    to: "2026-12-01T00:00:00.000Z",
  });
  expect(statementRange(undefined, undefined)).toEqual({});
  const balances = { credits_micro_usd: 0, escrow_micro_usd: 0, receivable_micro_usd: 0 };
  const row = (id: number, debit: string, credit: string) => ({
    id,
    debit,
    credit,
    at: "",
    kind: "",
    amount_micro_usd: 1,
    balances,
  });
  const rows = [
    row(1, "custody", "escrow"),
    row(2, "treasury", "custody"),
    row(3, "suspense", "receivable"),
  ];
  const statement = { from: "", to: "", opening: balances, closing: balances, rows };
  expect(ownPostings(statement).map(({ id }) => id)).toEqual([1, 3]);
});

test("months and words", () => {
  expect(new Date(monthEnd("2026-12")).toISOString()).toBe("2027-01-01T00:00:00.000Z");
  expect(nextFirst("2026-11")).toBe("1 Dec");
  expect(shorten("9fKqX1aaaaaaaa3tZb")).toBe("9fKqX1…3tZb");
  expect(transactionWords("withdrawal_requested").direction).toBe("none");
  expect(transactionWords("something new").words).toBe("something new");
});
