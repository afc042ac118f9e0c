// Reads what is typed into the filter field: "status >= 500", "customer Nightjar", "slow 500", or the API's own names.
import type { FilterKey, RecordFilter } from "./fields";
import { READERS, type Read, readSlow, readStatus } from "./readers";

interface Typed {
  readonly filter: RecordFilter;
  /** Names that stand for numbers, to be looked up. */
  readonly customer: string | null;
  readonly server: string | null;
  /** What could not be read, as a sentence. */
  readonly problem: string | null;
}

interface Term {
  readonly word: string;
  readonly sign: string;
  readonly value: string;
}

const EXAMPLES = "status >= 500, customer Nightjar, key 123, ip 1.2.3.4, path v1/, slow 500";

const KEYS: Readonly<Record<string, FilterKey>> = {
  status: "status",
  customer: "customer_id",
  customer_id: "customer_id",
  key: "api_key_fp",
  fp: "api_key_fp",
  api_key_fp: "api_key_fp",
  ip: "client_ip",
  address: "client_ip",
  client: "client_ip",
  client_ip: "client_ip",
  path: "path_prefix",
  path_prefix: "path_prefix",
  slow: "time_total_min_ms",
  took: "time_total_min_ms",
  time_total_min_ms: "time_total_min_ms",
  server: "server_id",
  gateway: "server_id",
  server_id: "server_id",
  service: "service_type",
  service_type: "service_type",
  network: "network",
  backend: "backend_id",
  backend_id: "backend_id",
  event: "event_type",
  event_type: "event_type",
  ended: "termination_state",
  termination: "termination_state",
  termination_state: "termination_state",
  traffic: "traffic_type",
  traffic_type: "traffic_type",
};

const TOKEN = /"([^"]*)"|(>=|<=|≥|≤|[=:<>])|([^\s=:<>≥≤&"]+(?::[^\s=<>≥≤&"]+)*)/g;
const NOTHING: Typed = { filter: {}, customer: null, server: null, problem: null };

export function parseFilter(text: string): Typed {
  let typed = NOTHING;
  for (const term of terms(text)) {
    const read = "problem" in term ? term : readTerm(term);
    if ("problem" in read) return { ...typed, problem: read.problem };
    typed =
      "filter" in read
        ? { ...typed, filter: { ...typed.filter, ...read.filter } }
        : { ...typed, ...read };
  }
  return typed;
}

/** Words that are no key go on with the value before them: "customer Orbis Wallet status 5xx". */
function terms(text: string): readonly (Term | { readonly problem: string })[] {
  const found: { word: string; sign: string; values: string[] }[] = [];
  for (const [token, quoted, sign, bare] of text.matchAll(TOKEN)) {
    const last = found.at(-1);
    const isKey = bare !== undefined && Object.hasOwn(KEYS, bare.toLowerCase());
    if (isKey && (last === undefined || last.values.length > 0)) {
      found.push({ word: bare.toLowerCase(), sign: "=", values: [] });
    } else if (last === undefined) {
      return [{ problem: `“${token}” is no filter. Try: ${EXAMPLES}.` }];
    } else if (sign !== undefined && last.values.length === 0) last.sign = sign;
    else last.values.push(quoted ?? token);
  }
  return found.map(({ word, sign, values }) => ({ word, sign, value: values.join(" ") }));
}

function readTerm(term: Term): Read {
  const { word, sign, value } = term;
  const key = KEYS[word];
  if (key === undefined) return { problem: `“${word}” is no filter.` };
  if (value === "") return { problem: `“${word}” needs a value: “${word} ${SAMPLES[key]}”.` };
  if (key === "status") return readStatus(sign, value);
  if (key === "time_total_min_ms") return readSlow(sign, value);
  if (sign !== "=" && sign !== ":")
    return { problem: `“${word}” goes with = alone, not with ${sign}.` };
  return READERS[key](value);
}

const SAMPLES: Readonly<Record<FilterKey, string>> = {
  status: ">= 500",
  customer_id: "Nightjar",
  api_key_fp: "123",
  client_ip: "1.2.3.4",
  path_prefix: "v1/",
  time_total_min_ms: "500",
  server_id: "17",
  service_type: "seal",
  network: "mainnet",
  backend_id: "1",
  event_type: "53",
  termination_state: "sH--",
  traffic_type: "burst",
};
