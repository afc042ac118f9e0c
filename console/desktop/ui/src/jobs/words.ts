// The manager's jobs in words: what each is for, and what a run of it did.
import { formatBytes, formatCount, formatUsd } from "@suiftly/ui";
import { amounted, counted, type Detail, list, many, number, part, prefixed } from "./counted";

interface JobWords {
  readonly word: string;
  /** What it is for. */
  readonly what: string;
}

const JOBS: Readonly<Record<string, JobWords>> = {
  alerts: { word: "Alerts", what: "Tells customers whose alert or limit was crossed" },
  backup: { word: "Backup", what: "Copies database, journal and secrets into an encrypted file" },
  backup_check: { word: "Backup check", what: "Looks whether the last backup is too old" },
  charge: {
    word: "Charges",
    what: "Decides draws in doubt, draws what is due, pays withdrawals",
  },
  close: { word: "Close", what: "Closes months a day after their end, and issues invoices" },
  closures: { word: "Account closures", what: "Closes accounts that asked for it" },
  deliver: { word: "Deliveries", what: "Sends e-mail and webhooks" },
  delivery_retention: { word: "Deliveries’ retention", what: "Removes old deliveries" },
  escrow_accounts: { word: "Escrow accounts", what: "Opens escrow accounts of new customers" },
  escrow_events: { word: "Escrow events", what: "Mirrors deposits, withdrawals and draws" },
  expire_keys: { word: "Key expiry", what: "Ends keys whose overlap is over" },
  ledger_check: { word: "Ledger check", what: "Holds the ledger against what is kept beside it" },
  notes: { word: "Notes", what: "Corrects closed months by credit and debit notes" },
  reconcile: { word: "Escrow reconciliation", what: "Holds the escrow against what is kept here" },
  renew: { word: "Renewals", what: "Charges subscriptions for the month that begins" },
  runs_retention: { word: "Runs’ retention", what: "Removes records of old runs" },
  shadow: { word: "Shadow rating", what: "Rates somebody again and compares to the micro-dollar" },
  vault_check: {
    word: "Vault check",
    what: "Compares the vault with keys and spend, and its files",
  },
};

export function jobWords(name: string): JobWords {
  return JOBS[name] ?? { word: sentence(name), what: "" };
}

/** The jobs that close a month, in the order in which they run. */
export const CLOSING_JOBS = ["renew", "close", "notes", "charge"] as const;

/** What a run did, or why it failed, as a sentence or two. */
export function detailWords(job: string, detail: Detail | null | undefined): string {
  if (detail === null || detail === undefined) return "nothing to do";
  if (typeof detail.error === "string") return detail.error;
  const told = TOLD[job]?.(detail) ?? plain(detail);
  return told === "" ? "nothing changed" : told;
}

type Tell = (detail: Detail) => string;

const TOLD: Readonly<Record<string, Tell>> = {
  alerts: (of) => list([counted(of.alerts, "alert", "told"), counted(of.limits, "limit", "told")]),
  backup: (of) =>
    list([
      `${bytes(number(of.bytes))} through epoch ${formatCount(number(of.last_epoch))}`,
      counted(of.removed, "old one", "removed"),
    ]),
  backup_check: (of) =>
    typeof of.last_at === "string" ? `the last one is of ${of.last_at}` : "there is none yet",
  close: closed,
  notes: closed,
  charge: (of) =>
    [
      prefixed("Draws: ", part(of.charged, drawn)),
      prefixed("In doubt before: ", part(of.recovered, recovered)),
      prefixed("Withdrawals: ", part(of.withdrawals, paid)),
    ]
      .filter((words) => words !== "")
      .join(". "),
  closures: (of) =>
    list([
      counted(of.closed, "account", "closed"),
      amounted(of.withdrawals, "withdrawal", of.withdrawn_usd_cents, "asked for"),
      counted(of.undone, "request", "left for the next run"),
    ]),
  deliver: (of) =>
    list([
      counted(of.delivered, "message", "delivered"),
      many(of.retried, "to be tried again"),
      many(of.dead, "given up"),
    ]),
  delivery_retention: (of) => counted(of.deliveries, "delivery", "removed", "deliveries"),
  escrow_accounts: (of) => counted(of.result, "account", "opened"),
  escrow_events: (of) =>
    list([
      counted(of.mirrored, "new event"),
      counted(of.known, "event", "known before"),
      counted(of.charged, "draw", "settled"),
      counted(of.strangers, "event", "of strangers"),
      counted(of.unexpected, "draw", "that nobody asked for, given as credits"),
    ]),
  expire_keys: (of) => counted(of.result ?? of.keys, "key", "ended"),
  ledger_check: differing,
  reconcile: differing,
  renew: (of) =>
    list([
      counted(of.months, "month", "begun"),
      counted(of.items, "item", `charged, ${formatUsd(number(of.amount_micro_usd))}`),
      counted(of.refused, "customer", "refused"),
    ]),
  runs_retention: (of) => counted(of.result, "run", "removed"),
  shadow: (of) =>
    `${counted(of.customers, "customer")} over ${counted(of.hours, "hour")} rated again, ${
      number(of.mismatches) === 0 ? "equal" : `${formatCount(number(of.mismatches))} differ`
    }`,
  vault_check: (of) =>
    list([
      `v${formatCount(number(of.version))} ${vaultSet(of.set)}`,
      Array.isArray(of.rewritten) && of.rewritten.length > 0
        ? `${counted(of.rewritten.length, "file")} written again`
        : "",
    ]),
};

function bytes(count: number): string {
  const { value, unit } = formatBytes(count);
  return `${value} ${unit}`;
}

function closed(of: Detail): string {
  return list([
    counted(of.changed, "month", "closed or corrected"),
    counted(of.documents, "document", "issued"),
    many(of.waiting, "waiting for a charge or an earlier month"),
    many(of.alarms, "left for people"),
  ]);
}

function drawn(of: Detail): string {
  return list([
    amounted(of.charged, "draw", of.charged_usd_cents),
    many(of.refused, "refused"),
    many(of.in_doubt, "in doubt"),
    counted(of.credited, "use", "of credits"),
    counted(of.uncovered, "customer", "told that funds do not cover what is accrued"),
  ]);
}

function recovered(of: Detail): string {
  return list([
    counted(of.undecided, "draw", "looked at"),
    many(of.charged, "drawn"),
    many(of.refused, "refused"),
    many(of.in_doubt, "still in doubt"),
  ]);
}

function paid(of: Detail): string {
  return list([
    amounted(of.settled, "settled", of.paid_usd_cents, "", "settled"),
    many(of.waiting, "waiting"),
    many(of.refused, "refused"),
    many(of.in_doubt, "in doubt"),
  ]);
}

function differing(of: Detail): string {
  return counted(of.differences, "difference", "found");
}

function vaultSet(set: unknown): string {
  if (set === "same") return "is what keys and spend say";
  const { not_compared, services } = (set ?? {}) as Detail;
  if (typeof not_compared === "string") return `was not compared: ${not_compared}`;
  return `differs for ${counted(services, "service")}`;
}

/** What no words are known for: its figures by name. */
function plain(detail: Detail): string {
  return Object.entries(detail)
    .map(([name, value]) =>
      typeof value === "object" && value !== null
        ? `${name.replaceAll("_", " ")}: ${plain(value as Detail)}`
        : `${name.replaceAll("_", " ")} ${value}`,
    )
    .join(", ");
}

function sentence(name: string): string {
  const words = name.replaceAll("_", " ");
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}
