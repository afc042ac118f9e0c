// The proof of a request, for its picture: a file that both verifiers are tested with, behind an invoice that is made for
// it here. No recording has such an invoice, and the file's hashes bind its month, its hour and its number.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Counts, DocumentView, HourPage, RecordPage, Series } from "@suiftly/ui/api/customer";
import type { Answer } from "./answers";

const FILES = join(import.meta.dirname, "../../../schema/tests/data/proof/files.json");
const API = "/api/v1/billing";
/** As the file has them. */
const NUMBER = "INV-2026-000017";
const HASH = "1e4c4aa88d7f85dd6ef571e583c8c53101ad7751c768c9c44bf4d98d7dd47db2";
const REQUEST = "6931CC2D199-2F1A-000A";
const HOUR = "2026-11-21T22:00:00Z";
const AT = "2026-11-21T22:01:17.199Z";
const REQUESTS = 5;
const BYTES = 6_170;

const PLAN_MICRO_USD = 185_000_000;
const REQUEST_MICRO_USD = 100;
const USAGE_MICRO_USD = REQUESTS * REQUEST_MICRO_USD;
const TOTAL_MICRO_USD = PLAN_MICRO_USD + USAGE_MICRO_USD;

/** Where the request is listed. */
export const PROOF_PATH = `/billing/invoices/${NUMBER}?open=seal&day=2026-11-21&hour=22&network=mainnet`;

/** What the page asks for, by what `nameOf` calls it. */
export function proofAnswers(): Record<string, Answer> {
  const document = `${API}/invoices/${NUMBER}`;
  const service_type = "seal";
  const month = { from: "2026-11-01T00:00:00.000Z", to: "2026-12-01T00:00:00.000Z" };
  const of = { service_type, hour: HOUR, limit: "25", network: "mainnet" };
  const days = { ...month, bucket: "day", percentiles: "false", service_type };
  return {
    [document]: found(invoice()),
    [asked("/api/v1/usage/series", days)]: found(series(month)),
    [asked(`${document}/hours`, { service_type, limit: "200" })]: found(hours()),
    [asked(`${document}/records`, of)]: found(records()),
    [asked(`${API}/proof`, { request: REQUEST, hour: HOUR })]: found(proof()),
  };
}

function found(body: unknown): Answer {
  return { status: 200, body };
}

function asked(path: string, query: Record<string, string>): string {
  return `${path}?${new URLSearchParams(query)}`;
}

interface Vectors {
  readonly valid: readonly { readonly name: string; readonly file: string }[];
}

/** The file's text is JSON without a space in it: written again it is the same, byte for byte. */
function proof(): unknown {
  const { valid }: Vectors = JSON.parse(readFileSync(FILES, "utf8"));
  const file = valid.find(({ name }) => name === "closed")?.file;
  if (file === undefined) throw new Error("the file of a closed month is not among the vectors");
  return JSON.parse(file);
}

function invoice(): DocumentView {
  return {
    number: NUMBER,
    kind: "invoice",
    corrects: null,
    month: "2026-11",
    status: "paid",
    issued_at: "2026-12-01T00:12:04.000Z",
    settled_at: "2026-12-01T00:12:09.000Z",
    billed_to: { name: "Nightjar Games", wallet_address: `0x${"a1".repeat(32)}`, profile: {} },
    lines: [
      {
        description: "Seal: Enterprise tier",
        service: "seal",
        price_book: null,
        quantity: 1,
        unit: "piece",
        unit_price: "$185.00 a month",
        amount_micro_usd: PLAN_MICRO_USD,
      },
      {
        description: "Seal requests",
        service: "seal",
        price_book: 1,
        quantity: REQUESTS,
        unit: "request",
        unit_price: "$1.00 per 10,000",
        amount_micro_usd: USAGE_MICRO_USD,
      },
    ],
    sums: {
      gross_micro_usd: TOTAL_MICRO_USD,
      waiver_micro_usd: 0,
      total_micro_usd: TOTAL_MICRO_USD,
      carried_in_micro_usd: 0,
      payable_micro_usd: PLAN_MICRO_USD,
      carried_out_micro_usd: USAGE_MICRO_USD,
    },
    notes: [],
    payments: [
      {
        description: "Paid from escrow",
        at: "2026-12-01T00:12:09.000Z",
        amount_micro_usd: PLAN_MICRO_USD,
      },
    ],
    in_flight_micro_usd: 0,
    due_micro_usd: 0,
    input_hash: HASH,
  };
}

const COUNTS: Counts = {
  requests: REQUESTS,
  guaranteed: REQUESTS,
  burst: 0,
  rejected: 0,
  client_error: 0,
  server_error: 0,
  other: 0,
  billable_requests: REQUESTS,
  bytes_sent: BYTES,
  billable_bytes: BYTES,
};

function series(month: { from: string; to: string }): Series {
  const day = {
    start: "2026-11-21T00:00:00Z",
    partial: false,
    counts: COUNTS,
    rated_micro_usd: USAGE_MICRO_USD,
    time_ms: null,
  };
  return {
    epoch: 12_600,
    complete_to: month.to,
    ...month,
    bucket: "day",
    counts: COUNTS,
    rated_micro_usd: USAGE_MICRO_USD,
    time_ms: null,
    points: [day],
  };
}

function hours(): HourPage {
  const hour = {
    hour: HOUR,
    service: "seal",
    network: "mainnet",
    price_book: 1,
    billable_requests: REQUESTS,
    billable_bytes: BYTES,
    charged_micro_usd: USAGE_MICRO_USD,
  };
  return { items: [hour], next_cursor: null };
}

/** The one that is proven is the first. */
function records(): RecordPage {
  const items = Array.from({ length: REQUESTS }, (_, nth) => ({
    at: new Date(Date.parse(AT) + nth * 61_003).toISOString(),
    service: "seal",
    network: "mainnet",
    region: null,
    api_key_fp: 3_735_928_559,
    api_key_prefix: "SAECAGBC",
    path_prefix: "v1/fetch_k",
    status_code: 200,
    class: "guaranteed",
    bytes_sent: BYTES / REQUESTS,
    repeat: 1,
    is_billed: true,
    charged_micro_usd: REQUEST_MICRO_USD,
    time_total_ms: 46,
    proof_name: nth === 0 ? REQUEST : `6931CC2D199-2F1A-001${nth}`,
  }));
  return { items, next_cursor: null };
}
