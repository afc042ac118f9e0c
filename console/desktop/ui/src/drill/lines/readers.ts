// Reads the values of filters as they are typed.
import type { FilterKey, RecordFilter } from "./fields";

/** What one term says: part of a filter, a name to look up, or what is wrong with it. */
export type Read =
  | { readonly filter: RecordFilter }
  | { readonly customer: string }
  | { readonly server: string }
  | { readonly problem: string };

/** The API takes one class, or one status. */
export function readStatus(sign: string, value: string): Read {
  const text = value.toLowerCase();
  const first = /^(?:[1-5]00)$/.test(text) ? `${text[0]}xx` : null;
  if (sign === ">=" || sign === "≥") {
    if (text === "500") return { filter: { status: "5xx" } };
    return {
      problem: `Lines are narrowed by one class of status: “status ${first ?? "4xx"}”, or “status >= 500”.`,
    };
  }
  if (sign !== "=" && sign !== ":")
    return {
      problem: `“status ${sign}” cannot be asked for: a class (5xx) or a status (504) can.`,
    };
  if (/^(?:[1-5]xx|-1|[1-5]\d\d)$/.test(text)) return { filter: { status: text } };
  return { problem: `“${value}” is no status: 504, 5xx, or -1 for a client that left.` };
}

export function readSlow(sign: string, value: string): Read {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s)?$/.exec(value.toLowerCase());
  if (match === null || sign === "<" || sign === "<=" || sign === "≤")
    return {
      problem: `“slow ${value}” is no time that a request took at least: “slow 500” or “slow 1.5 s”.`,
    };
  const ms = Math.round(Number(match[1]) * (match[2] === "s" ? 1_000 : 1));
  return { filter: { time_total_min_ms: ms } };
}

const SERVICES: readonly string[] = ["", "seal", "grpc", "graphql", "platform", "ssfn", "sealo"];
const NETWORKS: readonly string[] = ["testnet", "mainnet", "devnet", "localnet"];
const TRAFFIC = [
  "none",
  "guaranteed",
  "burst",
  "denied",
  "dropped",
  "ip_dropped",
  "unavailable",
  "stream_delta",
  "stream_close",
];
const PATH_MAX = 10;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:.]*)$/i;

export const READERS: Readonly<
  Record<Exclude<FilterKey, "status" | "time_total_min_ms">, (value: string) => Read>
> = {
  customer_id: (value) => {
    const id = whole(value);
    return id === null ? { customer: value } : { filter: { customer_id: id } };
  },
  server_id: (value) => {
    const id = whole(value);
    return id === null ? { server: value } : { filter: { server_id: id } };
  },
  api_key_fp: (value) => {
    const fingerprint = whole(value);
    return fingerprint === null || fingerprint > 4_294_967_295
      ? { problem: `“${value}” is no key’s fingerprint: a number, as lines show it.` }
      : { filter: { api_key_fp: fingerprint } };
  },
  client_ip: (value) =>
    ADDRESS.test(value)
      ? { filter: { client_ip: value } }
      : { problem: `“${value}” is no address.` },
  path_prefix: (value) => ({
    // Records keep the first characters, without the slash before them.
    filter: { path_prefix: value.replace(/^\//, "").slice(0, PATH_MAX) },
  }),
  service_type: (value) =>
    word(value, SERVICES, "service", (service) => ({ service_type: service })),
  network: (value) => word(value, NETWORKS, "network", (network) => ({ network })),
  backend_id: readBackend,
  event_type: (value) => {
    const event = whole(value);
    return event === null || event > 255
      ? { problem: `“${value}” is no event’s number, 0 to 255.` }
      : { filter: { event_type: event } };
  },
  termination_state: (value) =>
    /^[-A-Za-z]{2,4}$/.test(value)
      ? { filter: { termination_state: value } }
      : { problem: `“${value}” is no termination state: two to four letters, as in “sH--”.` },
  traffic_type: (value) => {
    const at = TRAFFIC.indexOf(value.toLowerCase().replaceAll(/[\s-]/g, "_"));
    const number = at >= 0 ? at : whole(value);
    return number === null || number >= TRAFFIC.length
      ? { problem: `“${value}” is no kind of traffic: ${TRAFFIC.join(", ")}.` }
      : { filter: { traffic_type: number } };
  },
};

/** "1", "local 1", "backup 12", "none". */
function readBackend(value: string): Read {
  const match = /^(?:(none)|(?:local|backup)?\s*(\d{1,2}))$/i.exec(value);
  if (match === null)
    return { problem: `“${value}” is no backend: 1 to 9 local, 10 and up backup, or none.` };
  return { filter: { backend_id: match[1] === undefined ? Number(match[2]) : 0 } };
}

function word(
  value: string,
  words: readonly string[],
  what: string,
  filter: (word: string) => RecordFilter,
): Read {
  const lower = value.toLowerCase();
  const found = lower !== "" && words.includes(lower) ? lower : words[whole(value) ?? -1];
  return found === undefined || found === ""
    ? { problem: `“${value}” is no ${what}: ${words.filter((known) => known !== "").join(", ")}.` }
    : { filter: filter(found) };
}

function whole(text: string): number | null {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}
