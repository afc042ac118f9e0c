// A sentence for each act that stands in the audit.
import { formatCount, formatUsd, formatUsdCents } from "@suiftly/ui";
import type { ActivityItem } from "@suiftly/ui/api/admin";
import { serviceWord } from "../words/services";
import { capital } from "./status";

export interface Happened {
  /** The thing itself stands between the two halves of the sentence, as code: a key, an address. */
  readonly before: string;
  readonly thing?: string;
  readonly after?: string;
}

export type Item = Pick<
  ActivityItem,
  "action" | "actor" | "actor_kind" | "address" | "change" | "target"
>;
type Say = (item: Item, who: string) => Happened;

export const SENTENCES: Readonly<Record<string, Say | undefined>> = {
  "account.create": plain("made the account"),
  "account.change": plain("changed the profile"),
  "account.close": plain("asked to close the account"),
  "account.close_cancel": plain("keeps the account after all"),
  "account.closed": plain("closed the account"),
  "session.sign_in": ({ address }, who) => from(`${who} signed in`, address),
  "session.logout": plain("signed out"),
  "session.revoke": plain("ended a session"),
  "session.revoke_all": ({ change }, who) => {
    const count = numberIn(change, "sessions");
    if (count === 1) return { before: `${who} ended their one session` };
    return { before: `${who} ended ${count === null ? "all" : formatCount(count)} sessions` };
  },
  "session.reuse": plain("ended a session: its sign-in was used a second time"),
  "key.create": key("made"),
  "key.reveal": key("revealed"),
  "key.regenerate": key("replaced by"),
  "key.revoke": key("revoked"),
  "key.enable": key("enabled"),
  "key.rename": key("renamed"),
  "key.delete": key("deleted"),
  "key.expire": key("revoked at its end"),
  "service.enable": service("enabled"),
  "service.change": service("changed"),
  "service.disable": service("disabled"),
  "service.resume": service("kept"),
  "service.configure": service("configured"),
  "billing.deposit": money("deposited", "amount_usd_cents"),
  "billing.withdraw": money("asked back", "amount_usd_cents"),
  "billing.limit": ({ change }, who) => ({
    before: `${who} set the limit to ${limitWord(numberIn(change, "max_monthly_usd_cents"))}`,
  }),
  "customer.limit": ({ change }, who) => {
    const [was, is] = [numberIn(change, "from_usd_cents"), numberIn(change, "to_usd_cents")];
    return { before: `${who} changed the limit from ${limitWord(was)} to ${limitWord(is)}` };
  },
  "customer.limit_failed": ({ change }, who) => ({
    before: `${who} could not change the limit: ${textIn(change, "error") ?? "refused"}`,
  }),
  "customer.suspend": ({ change }, who) => reasoned(`${who} suspended them`, change),
  "customer.activate": ({ change }, who) => reasoned(`${who} took the suspension back`, change),
  "credit.grant": ({ change, target }, who) => {
    const amount = numberIn(change, "amount_micro_usd");
    const memo = textIn(change, "memo");
    const again = change.is_new === false ? ", again: nothing was granted" : "";
    return {
      before: `${who} credited ${formatUsd(amount)}${again}`,
      ...(target && { thing: target }),
      ...(memo !== null && { after: memo }),
    };
  },
  "seal_key.create": thing("made"),
  "seal_key.change": thing("changed"),
  "seal_key.delete": thing("deleted"),
  "seal_package.add": coded("added the package"),
  "seal_package.change": coded("changed the package"),
  "seal_package.delete": coded("deleted the package"),
  "alert.create": named("made the alert"),
  "alert.change": named("changed the alert"),
  "alert.delete": named("deleted the alert"),
  "webhook.create": origin("made a webhook to"),
  "webhook.change": origin("changed the webhook to"),
  "webhook.rotate": origin("gave a new secret to the webhook to"),
  "webhook.delete": origin("deleted the webhook to"),
  "webhook.test": origin("tested the webhook to"),
  "webhook.replay": origin("asked again for what was missed by the webhook to"),
  "customer.note": plain("wrote the note"),
  "quarantine.replay": lines("replayed"),
  "quarantine.discard": lines("discarded"),
  "log_format.publish": targeted("published the log format"),
  "log_format.retire": targeted("retired the log format"),
  "price_book.publish": targeted("published the price book"),
  "price_book.what_if": targeted("asked what the month would cost by the price book"),
  "operator.add": targeted("made the operator"),
  "operator.renew": targeted("gave a new token to the operator"),
  "operator.disable": targeted("ended the access of the operator"),
  "job.run": targeted("ran the job"),
  "program.start": ({ target }) => ({ before: `Suiftly ${target ?? "itself"} started` }),
  "notification.acknowledge": plain("acknowledged a notification"),
};

function plain(done: string): Say {
  return (_, who) => ({ before: `${who} ${done}` });
}

function key(done: string): Say {
  return ({ target, address }, who) => ({
    before: `${who} ${done}`,
    thing: target ? `${target}…` : "a key",
    ...(address && { after: `from ${address}` }),
  });
}

function service(done: string): Say {
  return ({ target, change }, who) => {
    const charged = numberIn(change, "charged_micro_usd");
    const tier = textIn(asRecord(change.subscription), "tier");
    const words = `${who} ${done} ${serviceWord(target ?? "a service")}`;
    return {
      before: `${words}${tier === null ? "" : ` ${capital(tier)}`}${charged ? `, ${formatUsd(charged)}` : ""}`,
    };
  };
}

function money(done: string, field: string): Say {
  return ({ change, target }, who) => ({
    before: `${who} ${done} ${formatUsdCents(numberIn(change, field))}`,
    ...(target && { thing: shorten(target) }),
  });
}

/** "seal key 3" is its own name. */
function thing(done: string): Say {
  return ({ target }, who) => ({ before: `${who} ${done} ${target ?? "a seal key"}` });
}

function coded(done: string): Say {
  return ({ target }, who) => ({
    before: `${who} ${done}`,
    ...(target && { thing: shorten(target) }),
  });
}

function named(done: string): Say {
  return ({ change, target }, who) => {
    const name = textIn(change, "name");
    return { before: `${who} ${done} ${name === null ? (target ?? "") : `“${name}”`}`.trimEnd() };
  };
}

function origin(done: string): Say {
  return ({ change, target }, who) => ({
    before: `${who} ${done}`,
    thing: textIn(change, "origin") ?? target ?? "an address",
  });
}

function reasoned(before: string, change: Figures): Happened {
  const reason = textIn(change, "reason");
  return { before: reason === null ? before : `${before}: ${reason}` };
}

function from(before: string, address: string | null | undefined): Happened {
  return { before, ...(address && { after: `from ${address}` }) };
}

function targeted(done: string): Say {
  return ({ target }, who) => ({ before: `${who} ${done} ${target ?? ""}`.trimEnd() });
}

/** The reason stands as the target. */
function lines(done: string): Say {
  return ({ target }, who) => ({
    before: `${who} ${done} lines of the quarantine${target ? `: ${target}` : ""}`,
  });
}

function limitWord(cents: number | null): string {
  return cents === 0 ? "none" : formatUsdCents(cents);
}

/** Long ones by their ends. */
export function shorten(text: string): string {
  return text.length > 24 ? `${text.slice(0, 6)}…${text.slice(-4)}` : text;
}

type Figures = Readonly<Record<string, unknown>>;

function textIn(figures: Figures, name: string): string | null {
  const value = figures[name];
  return typeof value === "string" && value !== "" ? value : null;
}

function numberIn(figures: Figures, name: string): number | null {
  const value = figures[name];
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

function asRecord(value: unknown): Figures {
  return typeof value === "object" && value !== null ? (value as Figures) : {};
}
