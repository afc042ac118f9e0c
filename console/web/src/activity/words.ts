// What was done, in words: one sentence an action, and what it changed from → to. Whatever is newer than this page
// reads as its own name.
import { formatUsd, formatUsdCents } from "@suiftly/ui";
import type { ActivityRow } from "@suiftly/ui/api/customer";
import { numberOf, textOf } from "./change";
import { changesOf } from "./changes";
import { serviceName } from "./names";

export interface Told {
  /** The thing itself stands between the two halves of the sentence, as code: a key, an address. */
  readonly before: string;
  readonly thing?: string;
  readonly after?: string;
  /** What became of what: empty where there is nothing to say. */
  readonly changes: readonly Change[];
  readonly link?: Place;
}

export interface Change {
  readonly what: string;
  readonly from?: string;
  readonly to: string;
}

/** Where the thing is. */
export type Place =
  | { readonly to: "keys"; readonly filter: string }
  | { readonly to: "service"; readonly service: string }
  | { readonly to: "packages" }
  | { readonly to: "billing" }
  | { readonly to: "transactions" }
  | { readonly to: "alerts" }
  | { readonly to: "webhooks" }
  | { readonly to: "sessions" }
  | { readonly to: "settings" };

type Row = Pick<ActivityRow, "action" | "target" | "change" | "is_own">;
type Sentence = Omit<Told, "changes">;

export function tell(row: Row): Told {
  const say = SENTENCES[row.action];
  const sentence = say ? say(row) : unknown(row);
  return { ...sentence, changes: changesOf(row.action, row.change) };
}

const SENTENCES: Record<string, ((row: Row) => Sentence) | undefined> = {
  "account.create": () => ({ before: "The account was made" }),
  "account.change": () => ({ before: "The profile was changed", link: { to: "settings" } }),
  "account.close": () => ({ before: "You asked to close the account", link: { to: "settings" } }),
  "account.close_cancel": () => ({
    before: "The account is kept after all",
    link: { to: "settings" },
  }),
  "account.closed": () => ({ before: "The account was closed" }),

  "session.sign_in": () => ({ before: "You signed in", link: { to: "sessions" } }),
  "session.logout": () => ({ before: "You signed out" }),
  "session.revoke": () => ({ before: "A session was ended", link: { to: "sessions" } }),
  "session.revoke_all": () => ({ before: "All sessions were ended", link: { to: "sessions" } }),
  "session.reuse": () => ({
    before: "A session was ended: its sign-in had been used a second time",
    link: { to: "sessions" },
  }),

  "key.create": key("made"),
  "key.reveal": key("revealed"),
  "key.regenerate": (row) => {
    const replaced = textOf(row.change, "replaces");
    return replaced === null
      ? keySentence(row, "made")
      : keySentence(row, `made in the place of ${replaced}…`);
  },
  "key.revoke": key("revoked"),
  "key.enable": key("enabled again"),
  "key.rename": key("renamed"),
  "key.delete": key("deleted"),
  "key.expire": key("revoked: its time beside the new one is over"),

  "seal_key.create": thing("made"),
  "seal_key.change": thing("changed"),
  "seal_key.delete": thing("deleted"),
  "seal_package.add": sealPackage("added"),
  "seal_package.change": sealPackage("changed"),
  "seal_package.delete": sealPackage("deleted"),

  "service.enable": service("enabled"),
  "service.change": service("changed"),
  "service.disable": service("disabled"),
  "service.resume": service("kept: what was scheduled is called off"),
  "service.configure": service("configured"),

  "billing.deposit": money((amount) => `${amount} deposited to escrow`, "amount_usd_cents"),
  "billing.withdraw": money((amount) => `${amount} asked back from escrow`, "amount_usd_cents"),
  "billing.limit": ({ change }) => ({
    before: limitWords(numberOf(change, "max_monthly_usd_cents")),
    link: { to: "billing" },
  }),

  "alert.create": named("Alert", "made", "alerts"),
  "alert.change": named("Alert", "changed", "alerts"),
  "alert.delete": named("Alert", "deleted", "alerts"),
  "webhook.create": webhook("made"),
  "webhook.change": webhook("changed"),
  "webhook.rotate": webhook("given a new secret"),
  "webhook.delete": webhook("deleted"),
  "webhook.test": webhook("tested"),
  "webhook.replay": webhook("told again what it had missed"),

  "notification.acknowledge": () => ({ before: "A notification was acknowledged" }),

  "customer.suspend": () => ({ before: "Your account was suspended" }),
  "customer.activate": () => ({ before: "Your account was made active again" }),
  "customer.limit": () => ({ before: "Your monthly limit was changed", link: { to: "billing" } }),
  "customer.limit_failed": () => ({
    before: "Your monthly limit could not be changed",
    link: { to: "billing" },
  }),
  "credit.grant": ({ change }) => {
    const amount = numberOf(change, "amount_micro_usd");
    return {
      before: amount === null ? "A credit was given" : `A credit of ${formatUsd(amount)} was given`,
      link: { to: "transactions" },
    };
  },
};

/** The actions that there are words for. */
export const KNOWN_ACTIONS = Object.keys(SENTENCES);

function key(done: string) {
  return (row: Row): Sentence => keySentence(row, done);
}

function keySentence({ target, change }: Row, done: string): Sentence {
  const service = textOf(change, "service");
  const before = service === null ? "API key" : `${serviceName(service)} key`;
  if (target === null || target === undefined) return { before: `${before} ${done}` };
  return { before, thing: `${target}…`, after: done, link: { to: "keys", filter: target } };
}

/** "seal key 3" is its own name. */
function thing(done: string) {
  return ({ target }: Row): Sentence => ({
    before: `${capital(target ?? "seal key")} ${done}`,
    link: { to: "packages" },
  });
}

function sealPackage(done: string) {
  return ({ target }: Row): Sentence => ({
    before: "Package",
    ...(target && { thing: shorten(target) }),
    after: done,
    link: { to: "packages" },
  });
}

function service(done: string) {
  return ({ target }: Row): Sentence => ({
    before: `${serviceName(target ?? "")} ${done}`,
    ...(target && { link: { to: "service" as const, service: target } }),
  });
}

function money(words: (amount: string) => string, field: string) {
  return ({ change }: Row): Sentence => {
    const cents = numberOf(change, field);
    return {
      before: words(cents === null ? "An amount" : formatUsdCents(cents)),
      link: { to: "transactions" },
    };
  };
}

function limitWords(cents: number | null): string {
  if (cents === null) return "Monthly limit set";
  return cents === 0 ? "Monthly limit removed" : `Monthly limit set to ${formatUsdCents(cents)}`;
}

function named(what: string, done: string, to: "alerts") {
  return ({ change }: Row): Sentence => {
    const name = textOf(change, "name");
    return {
      before: name === null ? `${what} ${done}` : `${what} “${name}” ${done}`,
      link: { to },
    };
  };
}

function webhook(done: string) {
  return ({ target, change }: Row): Sentence => {
    const origin = textOf(change, "origin");
    const link = { to: "webhooks" } as const;
    if (origin !== null) return { before: "Webhook", thing: origin, after: done, link };
    return { before: target ? `Webhook ${target} ${done}` : `Webhook ${done}`, link };
  };
}

/** "price_book.publish" → "Price book: publish" */
function unknown({ action, target }: Row): Sentence {
  const [of = "", ...rest] = action.split(".");
  const words = [of, rest.join(" ")].map((part) => part.replaceAll("_", " ")).filter(Boolean);
  return { before: capital(words.join(": ")), ...(target && { thing: shorten(target) }) };
}

/** Long ones by their ends. */
export function shorten(text: string): string {
  return text.length > 24 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
