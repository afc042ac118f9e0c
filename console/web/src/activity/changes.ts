// What an act changed, as lines: what, from what, to what.
import { formatCount, formatDay, formatMinute, formatUsd, formatUsdCents } from "@suiftly/ui";
import { asFigures, type Figures, figuresOf, flagOf, numberOf, textOf, textsOf } from "./change";
import type { Change } from "./words";

/** Said in the sentence already, or of no use to people. */
const SILENT = new Set([
  "key_id",
  "seal_key_id",
  "package_id",
  "id",
  "delivery",
  "service",
  "replaces",
  "is_new",
  "origin",
]);

const FIELDS: Record<string, string> = {
  name: "Name",
  network: "Network",
  is_enabled: "In use",
  events: "Events",
  metric: "Of",
  period: "Each",
  threshold: "Threshold",
  by_email: "By e-mail",
  by_webhook: "By webhook",
  ip_allowlist: "Allowlist",
  origins: "Origins",
  packages: "Packages with it",
  sessions: "Sessions",
  services_ended: "Services ended",
  keys_revoked: "Keys revoked",
  memo: "For",
  reason: "Reason",
  error: "Because",
  kind: "About",
  changed: "Changed",
};

const PROFILE: Record<string, string> = {
  display_name: "name",
  alert_email: "e-mail address for alerts",
  billing_profile: "whom invoices are made out to",
};

/** Fields of which each reads in its own way, by name. */
const READERS: Record<string, (change: Figures) => Change | null> = {
  charged_micro_usd: (change) => amount("Charged", numberOf(change, "charged_micro_usd")),
  owed_micro_usd: (change) => amount("Still owed", numberOf(change, "owed_micro_usd")),
  replaced_until: (change) => {
    const until = textOf(change, "replaced_until");
    if (until === null) return null;
    const at = Date.parse(until);
    return { what: "The old one works until", to: `${formatDay(at)} ${formatMinute(at)}` };
  },
  changed: (change) => {
    const names = textsOf(change, "changed")?.map((name) => PROFILE[name] ?? plain(name));
    return names && names.length > 0 ? { what: "Changed", to: names.join(", ") } : null;
  },
  metric: (change) => word("Of", textOf(change, "metric")),
  threshold: (change) => {
    const value = numberOf(change, "threshold");
    if (value === null) return null;
    return { what: "Threshold", to: thresholdWords(textOf(change, "metric"), value) };
  },
  kind: (change) => word("About", textOf(change, "kind")),
};

/** Actions whose whole change is said in the sentence. */
const IN_THE_SENTENCE = new Set(["billing.deposit", "billing.withdraw", "billing.limit"]);

export function changesOf(action: string, change: Figures): readonly Change[] {
  if (IN_THE_SENTENCE.has(action)) return [];
  if (action.startsWith("key.")) return keyChange(action, change);
  if (action === "credit.grant") return present([text("For", textOf(change, "memo"))]);
  if (action === "customer.limit" || action === "customer.limit_failed") return limitChange(change);
  if (action === "customer.suspend" || action === "customer.activate") {
    return present([text("Reason", textOf(change, "reason"))]);
  }
  return present(Object.keys(change).flatMap((name) => fieldChange(name, change)));
}

/** Rows of keys all carry name and network; they are news only where they are given. */
function keyChange(action: string, change: Figures): readonly Change[] {
  const name = textOf(change, "name");
  const network = textOf(change, "network");
  switch (action) {
    case "key.create":
      return present([text("Name", name), word("Network", network)]);
    case "key.rename":
      return [{ what: "Name", to: name ?? "none" }];
    case "key.regenerate":
      return present(fieldChange("replaced_until", change));
    default:
      return present([text("Name", name)]);
  }
}

function fieldChange(name: string, change: Figures): readonly (Change | null)[] {
  if (SILENT.has(name)) return [];
  if (name === "subscription") return subscriptionChange(figuresOf(change, name));
  const read = READERS[name];
  if (read) return [read(change)];
  const both = asFigures(change[name]);
  if (both && "from" in both && "to" in both) {
    return [{ what: fieldName(name), from: valueWords(both.from), to: valueWords(both.to) }];
  }
  const value = change[name];
  return value === null || value === "" ? [] : [{ what: fieldName(name), to: valueWords(value) }];
}

function subscriptionChange(subscription: Figures | null): readonly (Change | null)[] {
  if (subscription === null) return [];
  const extras = [
    ["extra_api_keys", "More API keys"],
    ["extra_seal_keys", "More seal keys"],
    ["extra_packages", "More packages"],
  ] as const;
  return [
    word("Tier", textOf(subscription, "tier")),
    flagOf(subscription, "burst") ? { what: "Burst", to: "yes" } : null,
    ...extras.map(([name, what]) => {
      const count = numberOf(subscription, name);
      return count ? { what, to: formatCount(count) } : null;
    }),
  ];
}

function limitChange(change: Figures): readonly Change[] {
  const [from, to] = [numberOf(change, "from_usd_cents"), numberOf(change, "to_usd_cents")];
  if (to === null) return [];
  const words = (cents: number) => (cents === 0 ? "no limit" : formatUsdCents(cents));
  return [{ what: "Limit", ...(from !== null && { from: words(from) }), to: words(to) }];
}

/** Money is in micro-dollars, shares in per cent, all else is counted. */
export function thresholdWords(metric: string | null, value: number): string {
  if (metric === "spend" || metric === "balance_below") return formatUsd(value);
  return metric === "spend_percent" ? `${value}%` : valueWords(value);
}

function amount(what: string, microUsd: number | null): Change | null {
  return microUsd === null || microUsd === 0 ? null : { what, to: formatUsd(microUsd) };
}

/** What somebody wrote, as it is. */
function text(what: string, value: string | null): Change | null {
  return value === null ? null : { what, to: value };
}

/** A word of the API's. */
function word(what: string, value: string | null): Change | null {
  return value === null ? null : { what, to: plain(value) };
}

function fieldName(name: string): string {
  const words = plain(name);
  return FIELDS[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

function plain(word: string): string {
  return word.replaceAll("_", " ");
}

function valueWords(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueWords).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number")
    return Number.isInteger(value) ? formatCount(value) : String(value);
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "none" : JSON.stringify(value);
}

function present(changes: readonly (Change | null)[]): readonly Change[] {
  return changes.filter((change) => change !== null);
}
