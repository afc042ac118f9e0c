// A record for tests: a gateway that waited for its backend.
import type { RecordLine } from "@suiftly/ui/api/admin";

export function aRecord(change: Partial<RecordLine> = {}): RecordLine {
  return {
    timestamp: "2026-11-19T14:21:08.146Z",
    customer_id: 7,
    server_id: 34,
    service: "seal",
    network: "mainnet",
    frontend: "metered",
    api_key_fp: 16_801_928,
    traffic_type: 1,
    event_type: 53,
    status_code: 504,
    client_ip: "203.0.113.20",
    path_prefix: "v1/fetch_k",
    bytes_sent: 217,
    time_total_ms: 30_003,
    time_request_ms: 0,
    time_queue_ms: 0,
    time_connect_ms: 1,
    time_response_ms: 30_001,
    backend_id: 2,
    termination_state: "sH--",
    repeat: 1,
    boot: "2026-11-19T02:00:00Z",
    seq: 90_412_259,
    journal_offset: 9_842_000,
    ...change,
  };
}
