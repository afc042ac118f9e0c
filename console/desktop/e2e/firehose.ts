// A server that says in a minute what a busy one says in a day's work: events as fast as the window takes them, and a tail
// of 10,000 lines a second. Every second of its time has a pipeline state and ten deltas, as the real stream has.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NO_COUNTS, type Pipeline, type StreamDelta } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";

const DELTAS_A_SECOND = 10;
const TAIL_LINES_A_SECOND = 10_000;
const TAIL_EVERY_MS = 50;
const MINUTE_MS = 60_000;

export interface Firehose {
  readonly url: string;
  /** Seconds of its own time that it has told so far. */
  readonly told: () => number;
  /** Lines it has sent by the tail. */
  readonly tailed: () => number;
  readonly close: () => Promise<void>;
}

/** Serves `seconds` of its own time as fast as they are taken, then goes on in real time. */
export async function openFirehose(seconds: number): Promise<Firehose> {
  let told = 0;
  let tailed = 0;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://firehose").pathname;
    if (path === "/api/v1/stream") {
      begin(response);
      void pour(response, seconds, (second) => {
        told = second;
      });
    } else if (path === "/api/v1/tail") {
      begin(response);
      spray(response, (lines) => {
        tailed += lines;
      });
    } else {
      response.writeHead(404, { "content-type": "application/problem+json" });
      response.end(
        JSON.stringify({ code: "not_found", title: "There is nothing here", status: 404 }),
      );
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told: () => told,
    tailed: () => tailed,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function begin(response: ServerResponse) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
}

async function say(response: ServerResponse, name: string, data: object) {
  const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  if (response.write(text)) return;
  const taken = new AbortController();
  const { signal } = taken;
  const ends = [once(response, "drain", { signal }), once(response, "close", { signal })];
  // Whichever comes second is not waited for.
  for (const end of ends) end.catch(() => {});
  await Promise.race(ends);
  taken.abort();
}

async function pour(response: ServerResponse, seconds: number, tell: (second: number) => void) {
  const beginsAt = Date.now() - seconds * 1_000;
  await say(response, "snapshot", snapshotAt(beginsAt));
  for (let second = 1; !response.destroyed; second += 1) {
    const at = beginsAt + second * 1_000;
    for (let part = 0; part < DELTAS_A_SECOND; part += 1) {
      await say(response, "delta", deltaAt(second * DELTAS_A_SECOND + part, at + part * 100));
    }
    await say(response, "pipeline", pipelineAt(second, at));
    tell(second);
    if (second >= seconds) await new Promise((rest) => setTimeout(rest, 1_000));
  }
}

function snapshotAt(at: number) {
  return {
    epoch: 0,
    complete_to: new Date(at).toISOString(),
    month: new Date(at).toISOString().slice(0, 7),
    counts: NO_COUNTS,
    rated_micro_usd: 0,
    minutes: [],
  };
}

function deltaAt(epoch: number, at: number): StreamDelta {
  const counts = { ...NO_COUNTS, requests: 1_000, guaranteed: 990, server_error: 10 };
  const start = new Date(Math.floor(at / MINUTE_MS) * MINUTE_MS).toISOString();
  return {
    epoch,
    complete_to: new Date(at).toISOString(),
    counts,
    rated_micro_usd: 99_000,
    minutes: [{ start, counts }],
  };
}

function pipelineAt(second: number, at: number): Pipeline {
  const lines = second * 10_000;
  return {
    epoch: second * DELTAS_A_SECOND,
    complete_to: new Date(at).toISOString(),
    now: new Date(at).toISOString(),
    started_at: new Date(at - second * 1_000).toISOString(),
    lines_per_second: 10_000,
    lag_ms: { p50: 12, p99: 40 },
    frontier_age_ms: 10,
    lines: {
      received: lines,
      accepted: lines,
      second_home: 0,
      duplicates: 0,
      conflicts: 0,
      system: 0,
      rejected: 0,
      rejected_by_reason: {},
    },
    loss: { missing: 0, ppm: 0, workers: [] },
    journal: {
      id: "firehose",
      offset: lines * 200,
      durable_epoch: second * DELTAS_A_SECOND,
      sync_age_ms: 4,
      sync_p99_ms: 6,
      disk_bytes: lines * 20,
    },
    store: { epoch: second * DELTAS_A_SECOND, records: lines },
    udp_kernel_drops: 0,
  };
}

/** Lines at their pace whether or not anybody keeps up; what the socket does not take waits in its buffer at most. */
function spray(response: ServerResponse, tell: (lines: number) => void) {
  const atOnce = (TAIL_LINES_A_SECOND * TAIL_EVERY_MS) / 1_000;
  let seq = 0;
  const timer = setInterval(() => {
    if (response.destroyed) clearInterval(timer);
    else if (!response.writableNeedDrain) {
      const lines = Array.from({ length: atOnce }, () => lineOf(++seq));
      response.write(
        `event: lines\nid: ${seq}\ndata: ${JSON.stringify({ lines, sampled: 0 })}\n\n`,
      );
      tell(atOnce);
    }
  }, TAIL_EVERY_MS);
}

function lineOf(seq: number): RecordLine {
  const failed = seq % 97 === 0;
  return {
    timestamp: new Date().toISOString(),
    server_id: 17,
    boot: "2026-11-22T00:00:00Z",
    seq,
    journal_offset: seq * 200,
    customer_id: 1_000_000 + (seq % 50),
    api_key_fp: 7_000 + (seq % 200),
    network: "mainnet",
    service: "seal",
    frontend: "metered",
    path_prefix: "v1/fetch_k",
    client_ip: "192.0.2.7",
    status_code: failed ? 503 : 200,
    event_type: failed ? 52 : 0,
    traffic_type: 1,
    termination_state: failed ? "SC--" : "----",
    backend_id: 1 + (seq % 3),
    bytes_sent: 1_184,
    repeat: 1,
    time_request_ms: 0,
    time_queue_ms: 0,
    time_connect_ms: 1,
    time_response_ms: 12,
    time_total_ms: 13,
  };
}
