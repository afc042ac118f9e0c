// What records are narrowed by, in the words of the window. The keys are those of the API and of the address.

import type { RecordSearch } from "../../app/search";
import { backendWord, eventWord, trafficWord } from "../../words/events";

/** The filters of an address that are there. */
export type RecordFilter = { readonly [K in keyof RecordSearch]?: NonNullable<RecordSearch[K]> };
export type FilterKey = keyof RecordFilter;

export const FILTER_KEYS = [
  "customer_id",
  "server_id",
  "service_type",
  "network",
  "backend_id",
  "status",
  "event_type",
  "termination_state",
  "traffic_type",
  "api_key_fp",
  "client_ip",
  "path_prefix",
  "time_total_min_ms",
] as const satisfies readonly FilterKey[];

/** The filters of an address, without what else it holds. */
export function filterOf(search: RecordSearch): RecordFilter {
  const some = FILTER_KEYS.map((key) => [key, search[key]] as const);
  return Object.fromEntries(some.filter(([, value]) => value !== undefined)) as RecordFilter;
}

/** As the API is asked: "customer_id=7&status=5xx". */
export function queryOf(filter: RecordFilter): string {
  const query = new URLSearchParams();
  for (const key of FILTER_KEYS) {
    const value = filter[key];
    if (value !== undefined) query.set(key, String(value));
  }
  return query.toString();
}

interface ChipWords {
  readonly key: FilterKey;
  readonly name: string;
  readonly sign: string;
  /** null: a customer, whose name is the screen's to find. */
  readonly value: string | null;
}

const NAMES: Readonly<Record<FilterKey, string>> = {
  customer_id: "customer",
  server_id: "server",
  service_type: "service",
  network: "network",
  backend_id: "backend",
  status: "status",
  event_type: "event",
  termination_state: "ended",
  traffic_type: "traffic",
  api_key_fp: "key",
  client_ip: "ip",
  path_prefix: "path",
  time_total_min_ms: "took",
};

/** A filter as its chips say it. */
export function chipsOf(
  filter: RecordFilter,
  serverName: (id: number) => string,
): readonly ChipWords[] {
  return FILTER_KEYS.filter((key) => filter[key] !== undefined).map((key) => ({
    key,
    name: NAMES[key],
    sign: key === "time_total_min_ms" ? "≥" : key === "path_prefix" ? "begins" : "=",
    value: wordOf(key, filter, serverName),
  }));
}

function wordOf(key: FilterKey, filter: RecordFilter, serverName: (id: number) => string) {
  const number = Number(filter[key]);
  switch (key) {
    case "customer_id":
      return null;
    case "server_id":
      return serverName(number);
    case "backend_id":
      return backendWord(number);
    case "event_type":
      return eventWord(number);
    case "traffic_type":
      return trafficWord(number);
    case "time_total_min_ms":
      return `${number} ms`;
    default:
      return String(filter[key]);
  }
}
