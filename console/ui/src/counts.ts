// Sums of traffic. Every field adds up on its own; the six classes add up to `requests`.
import type { Counts } from "./api";

export const NO_COUNTS: Counts = {
  requests: 0,
  guaranteed: 0,
  burst: 0,
  rejected: 0,
  client_error: 0,
  server_error: 0,
  other: 0,
  billable_requests: 0,
  bytes_sent: 0,
  billable_bytes: 0,
};

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    requests: a.requests + b.requests,
    guaranteed: a.guaranteed + b.guaranteed,
    burst: a.burst + b.burst,
    rejected: a.rejected + b.rejected,
    client_error: a.client_error + b.client_error,
    server_error: a.server_error + b.server_error,
    other: a.other + b.other,
    billable_requests: a.billable_requests + b.billable_requests,
    bytes_sent: a.bytes_sent + b.bytes_sent,
    billable_bytes: a.billable_bytes + b.billable_bytes,
  };
}

export function sumCounts(all: readonly Counts[]): Counts {
  return all.reduce(addCounts, NO_COUNTS);
}
