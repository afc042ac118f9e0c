// The page's words for its ranges and filters.
import { formatDate } from "@suiftly/ui";
import { DEFAULT_RANGE, type NetworkWord, type RangeWord, type UsageSearch } from "./search";

export const RANGE_LABELS: Record<RangeWord, string> = {
  "1h": "1 h",
  "24h": "24 h",
  "7d": "7 d",
  "30d": "30 d",
  custom: "Custom",
};

export const NETWORK_LABELS: Record<NetworkWord, string> = {
  mainnet: "Mainnet",
  testnet: "Testnet",
};

/** What went before, of the same length. */
export const BEFORE_WORDS: Record<RangeWord, string> = {
  "1h": "on the hour before",
  "24h": "on the day before",
  "7d": "on the week before",
  "30d": "on the 30 days before",
  custom: "on as long before",
};

/** Of percentiles, as the API has it: times are counted by cells, which add up without growing wider. */
export const TIMES_WITHIN = "About: each is within 0.8 % of what was measured, over any range.";

/** "in the last 24 hours" */
export function rangeWords({ range = DEFAULT_RANGE, from, to }: UsageSearch): string {
  switch (range) {
    case "1h":
      return "in the last hour";
    case "24h":
      return "in the last 24 hours";
    case "7d":
      return "in the last 7 days";
    case "30d":
      return "in the last 30 days";
    case "custom":
      return from === undefined || to === undefined
        ? "in these days"
        : `from ${formatDate(Date.parse(from))} to ${formatDate(Date.parse(to))}`;
  }
}

/** "+8.2%", with a true minus; null where there is nothing to compare with. */
export function changeOf(now: number, before: number): string | null {
  if (before === 0) return null;
  const tenths = Math.round(((now - before) / before) * 1000);
  const digits = `${Math.floor(Math.abs(tenths) / 10)}.${Math.abs(tenths) % 10}%`;
  return tenths < 0 ? `−${digits}` : `+${digits}`;
}
