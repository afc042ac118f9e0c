// What of the page is in its address, and what of that is believed.
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { isService } from "../app/queries";

export const RANGES = ["1h", "24h", "7d", "30d", "custom"] as const;
export type RangeWord = (typeof RANGES)[number];
export const DEFAULT_RANGE: RangeWord = "24h";

export const NETWORKS = ["mainnet", "testnet"] as const;
export type NetworkWord = (typeof NETWORKS)[number];

export interface UsageSearch {
  readonly range?: RangeWord;
  /** The first and the last day of a custom range: "2026-11-19". */
  readonly from?: string;
  readonly to?: string;
  readonly service?: ServiceWord;
  readonly network?: NetworkWord;
  /** The hour whose requests are open: "2026-11-19T14". */
  readonly hour?: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const HOUR = /^\d{4}-\d{2}-\d{2}T\d{2}$/;

export function readUsageSearch(raw: Record<string, unknown>): UsageSearch {
  const { range, from, to, service, network, hour } = raw;
  return {
    ...(isOneOf(RANGES, range) && range !== DEFAULT_RANGE && { range }),
    ...(isDay(from) && { from }),
    ...(isDay(to) && { to }),
    ...(typeof service === "string" && isService(service) && { service }),
    ...(isOneOf(NETWORKS, network) && { network }),
    ...(isHour(hour) && { hour }),
  };
}

function isOneOf<T extends string>(words: readonly T[], value: unknown): value is T {
  return words.some((word) => word === value);
}

export function isDay(value: unknown): value is string {
  return typeof value === "string" && DAY.test(value) && !Number.isNaN(Date.parse(value));
}

function isHour(value: unknown): value is string {
  return typeof value === "string" && HOUR.test(value) && !Number.isNaN(Date.parse(`${value}:00Z`));
}
