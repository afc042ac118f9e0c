// A record as a line of tokens, in the order of the gateway's own log lines. The line's text is not kept: what stands
// here is what was read from it.
import type { RecordLine } from "@suiftly/ui/api/admin";
import { endedNormally } from "../../words/ended";
import { placeText } from "./place";

interface Token {
  readonly name: string;
  readonly text: string;
  /** What went wrong shows here. */
  readonly bad: boolean;
}

/** From here on a status is an error. */
const ERROR = 500;
/** A phase that took so long, and most of the whole, is why. */
const LONG_MS = 1_000;

export function isBad({ status_code, event_type }: RecordLine): boolean {
  return status_code >= ERROR || status_code < 0 || event_type >= 50;
}

/** Whether a phase is most of a long time. */
export function isDominant(ms: number | null | undefined, { time_total_ms }: RecordLine): boolean {
  return ms != null && ms >= LONG_MS && ms * 2 >= time_total_ms;
}

export function tokensOf(line: RecordLine): readonly Token[] {
  const bad = isBad(line);
  const token = (name: string, value: string | number | null | undefined, loud = false): Token => ({
    name,
    text: value == null || value === "" ? "-" : String(value),
    bad: loud,
  });
  const phase = (name: string, ms: number | null | undefined) =>
    token(name, ms ?? -1, isDominant(ms, line));
  return [
    token("time", line.timestamp),
    token("worker’s birth", line.boot),
    token("line’s number", line.seq),
    token("server", line.server_id),
    token("network", line.network),
    token("service", line.service),
    token("frontend", line.frontend),
    token("traffic", line.traffic_type),
    token("event", line.event_type, bad && line.event_type > 0),
    token("customer", line.customer_id),
    token("key’s fingerprint", line.api_key_fp === 0 ? null : line.api_key_fp),
    token("client", line.client_ip),
    token("path", line.path_prefix),
    token("status", line.status_code, bad),
    token("bytes sent", line.bytes_sent),
    phase("TR, request", line.time_request_ms),
    phase("Tw, queue", line.time_queue_ms),
    phase("Tc, connect", line.time_connect_ms),
    phase("Tr, response", line.time_response_ms),
    token("total", line.time_total_ms),
    token("ended", line.termination_state, bad && !endedNormally(line.termination_state)),
    token("backend", line.backend_id),
    token("requests it stands for", `x${line.repeat}`),
    token("place in the journal", `@${placeText(line)}`),
  ];
}

export function lineText(line: RecordLine): string {
  return tokensOf(line)
    .map(({ text }) => text)
    .join(" ");
}
