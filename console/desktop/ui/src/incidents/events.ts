// What happened, of all that tells of it, as events on one axis of time.
import { formatCount } from "@suiftly/ui";
import type {
  ActivityItem,
  JobRun,
  NoticeItem,
  SystemLogItem,
  VaultVersionItem,
} from "@suiftly/ui/api/admin";
import { happened } from "../customers/happened";
import { countWords } from "../fleet/changes";
import { readMessage, type Weight } from "../logs/message";
import { type NoticePlace, noticeWords, severityOf } from "../words/notices";

export const LANES = {
  gateways: "HAProxy",
  told: "Notifications",
  vault: "Vault",
  people: "Operators",
  system: "Jobs, starts",
} as const;
export type Lane = keyof typeof LANES;

export interface Happening {
  readonly id: string;
  readonly at: number;
  readonly lane: Lane;
  readonly weight: Weight;
  readonly words: string;
  readonly place: NoticePlace;
}

type ServerName = (id: number | null) => string;

export function ofMessages(
  items: readonly SystemLogItem[],
  name: ServerName,
): readonly Happening[] {
  return items.map(({ timestamp, message, server_id = null }, at) => {
    const { weight, words } = readMessage(message);
    const search = server_id === null ? {} : { server_id };
    return {
      id: `log ${timestamp} ${server_id} ${at}`,
      at: Date.parse(timestamp),
      lane: "gateways",
      weight,
      words: `${name(server_id)}: ${words}`,
      place: { to: "/logs", search, word: "System logs" },
    };
  });
}

/** A worker that is born is a HAProxy that was started or reloaded. */
export function ofBirths(
  workers: readonly { server_id: number; boot_ms: number }[],
  name: ServerName,
): readonly Happening[] {
  return workers.map(({ server_id, boot_ms }) => ({
    id: `birth ${server_id} ${boot_ms}`,
    at: boot_ms,
    lane: "gateways",
    weight: "info",
    words: `${name(server_id)}: HAProxy was started or reloaded`,
    place: { to: "/lines", word: "Lines and loss" },
  }));
}

const WEIGHTS = { critical: "bad", warning: "warn", info: "info" } as const;

export function ofNotices(items: readonly NoticeItem[]): readonly Happening[] {
  return items.map((item) => ({
    id: `notice ${item.id}`,
    at: Date.parse(item.created_at),
    lane: "told",
    weight: WEIGHTS[severityOf(item.severity)],
    words: noticeWords(item).title,
    place: {
      to: "/notifications",
      search: { state: "all", id: item.id },
      word: "The notification",
    },
  }));
}

export function ofVersions(items: readonly VaultVersionItem[]): readonly Happening[] {
  return items.map(({ version, era, issued_at, changes }) => ({
    id: `version ${version} ${era}`,
    at: Date.parse(issued_at),
    lane: "vault",
    weight: "info",
    words: `v${formatCount(version)} was published: ${countWords(changes)}`,
    place: { to: "/fleet", search: { version }, word: "The version" },
  }));
}

const VAULT_ACTS: Readonly<Record<string, string>> = {
  "vault.freeze": "froze the vault",
  "vault.thaw": "thawed the vault",
  "vault.push": "had every gateway filled anew",
};

export function ofActs(items: readonly ActivityItem[]): readonly Happening[] {
  return items.map((item) => {
    const { id, at, action, actor, customer_id, change } = item;
    const vault = VAULT_ACTS[action];
    const reason = typeof change.reason === "string" ? `: ${change.reason}` : "";
    return {
      id: `act ${id}`,
      at: Date.parse(at),
      lane: vault === undefined ? "people" : "vault",
      weight: action === "vault.freeze" || action === "customer.suspend" ? "warn" : "info",
      words: vault === undefined ? sentence(item) : `${actor} ${vault}${reason}`,
      place: placeOf(action, customer_id ?? null),
    };
  });
}

function sentence(item: ActivityItem): string {
  const { before, thing, after } = happened(item);
  return [before, thing, after].filter((part) => part !== undefined).join(" ");
}

/** Where what was acted on is looked at, by how the act begins. */
const ACT_PLACES: Readonly<Record<string, NoticePlace>> = {
  vault: { to: "/fleet", word: "The vault" },
  quarantine: { to: "/quarantine", word: "Quarantine" },
  log_format: { to: "/quarantine", word: "Quarantine" },
  price_book: { to: "/prices", word: "Price books" },
  job: { to: "/jobs", word: "Jobs" },
  operator: { to: "/settings", word: "Settings" },
  notification: { to: "/notifications", word: "Notifications" },
};

function placeOf(action: string, customer: number | null): NoticePlace {
  const place = ACT_PLACES[action.split(".")[0] ?? ""];
  if (place !== undefined) return place;
  if (customer === null) return { to: "/", word: "Overview" };
  return { to: `/customers/${customer}`, word: "The customer" };
}

/** Runs that failed, or that nobody ended. */
export function ofRuns(name: string, runs: readonly JobRun[]): readonly Happening[] {
  return runs
    .filter(({ outcome }) => outcome === "failed" || outcome === "abandoned")
    .map(({ id, started_at, ended_at, outcome }) => ({
      id: `run ${id}`,
      at: Date.parse(ended_at ?? started_at),
      lane: "system",
      weight: "bad",
      words: `The job ${name} ${outcome === "failed" ? "failed" : "was abandoned"}`,
      place: { to: "/jobs", search: { job: name }, word: "The job" },
    }));
}

/** Starts of the program, as the audit has them: what was deployed, and when. */
export function ofStarts(items: readonly ActivityItem[]): readonly Happening[] {
  return items.map((item) => ({
    id: `start ${item.id}`,
    at: Date.parse(item.at),
    lane: "system",
    weight: "warn",
    words: sentence(item),
    place: { to: "/lines", word: "Lines and loss" },
  }));
}

/** Those of a span, the latest first. */
export function within(all: readonly Happening[], from: number, to: number): readonly Happening[] {
  return all.filter(({ at }) => at >= from && at <= to).toSorted((a, b) => b.at - a.at);
}

/** A draft of what is written after an incident: times and sentences, from the first on. */
export function draft(events: readonly Happening[], from: number, to: number): string {
  const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
  const lines = within(events, from, to).toReversed();
  const rows = lines.map(({ at, words }) => `${stamp(at)}  ${words.replace(/\.$/, "")}.`);
  const none = "Nothing was told in this time.";
  return [
    `What happened, ${stamp(from)} to ${stamp(to)} UTC`,
    "",
    ...(rows.length === 0 ? [none] : rows),
    "",
  ].join("\n");
}
