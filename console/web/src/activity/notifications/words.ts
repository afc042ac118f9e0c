// What a notification says, in words, and where to go with it.
import {
  formatCount,
  formatDay,
  formatMinute,
  formatUsd,
  formatUsdCents,
  monthName,
} from "@suiftly/ui";
import type { NotificationRow } from "@suiftly/ui/api/customer";
import { type Figures, numberOf, textOf } from "../change";
import { thresholdWords } from "../changes";
import { serviceName } from "../names";

export interface Said {
  readonly title: string;
  /** What it means, and what to do where something is to be done. */
  readonly text?: string;
  readonly go?: Goal;
}

/** Where to go with it, as the link says. */
export type Goal =
  | { readonly to: "deposit"; readonly word: "Deposit" }
  | { readonly to: "limit"; readonly word: "Change the limit"; readonly cents: number | null }
  | { readonly to: "transactions"; readonly word: "See transactions" }
  | { readonly to: "alerts"; readonly word: "See alerts" }
  | { readonly to: "webhooks"; readonly word: "See webhooks" }
  | { readonly to: "support"; readonly word: "Get help" };

type Row = Pick<NotificationRow, "kind" | "body">;

export function say({ kind, body }: Row): Said {
  return KINDS[kind]?.(body) ?? { title: capital(kind.replaceAll("_", " ")) };
}

/** What happened, at the row's time. It stands there long after, so no words say that it still is so. */
const KINDS: Record<string, ((body: Figures) => Said) | undefined> = {
  deposit: (body) => ({
    title: `${cents(body, "amount_usd_cents")} arrived in your escrow`,
    go: { to: "transactions", word: "See transactions" },
  }),
  withdrawal_paid: (body) => ({
    title: `${cents(body, "amount_usd_cents")} was paid back to your wallet`,
    go: { to: "transactions", word: "See transactions" },
  }),
  insufficient_balance: (body) => ({
    title: "Your balance did not cover what you had used",
    text: `${cents(body, "balance_usd_cents")} was in escrow. Requests were refused with 403 until a deposit covers it; then they pass again within a second.`,
    go: { to: "deposit", word: "Deposit" },
  }),
  monthly_limit: (body) => ({
    title: `Your limit of ${cents(body, "max_monthly_usd_cents")} for ${month(body)} was reached`,
    text: "Requests were refused with 403 until you raise the limit or the month is over.",
    go: {
      to: "limit",
      word: "Change the limit",
      cents: numberOf(body, "max_monthly_usd_cents"),
    },
  }),
  charge_refused: (body) => {
    const next = textOf(body, "next_at");
    const again = next === null ? "It is tried again." : `It is tried again at ${moment(next)}.`;
    return {
      title: `A charge of ${cents(body, "amount_usd_cents")} was refused by the escrow`,
      text: `It was for ${month(body)}. ${again}`,
      go: { to: "transactions", word: "See transactions" },
    };
  },
  unexpected_charge: (body) => ({
    title: `${cents(body, "amount_usd_cents")} was drawn that we did not ask for`,
    text: "It stands in your account as a credit. Tell us if you do not know it.",
    go: { to: "support", word: "Get help" },
  }),
  renewal_failed: (body) => ({
    title: `Your plans could not be renewed for ${month(body)}`,
    text: "We are looking at it. Your services go on meanwhile.",
    go: { to: "support", word: "Get help" },
  }),
  account_closed: (body) => {
    const owed = numberOf(body, "owed_micro_usd") ?? 0;
    return {
      title: "Your account is closed",
      ...(owed > 0 && { text: `${formatUsd(owed)} is still owed.` }),
      go: { to: "transactions", word: "See transactions" },
    };
  },
  delivery_dead: (body) => dead(body),
  alert_crossed: (body) => alert(body),
};

/** The kinds that there are words for. */
export const KNOWN_KINDS = Object.keys(KINDS);

function dead(body: Figures): Said {
  const error = textOf(body, "last_error");
  const reason = error === null ? "" : ` It last answered: ${error}.`;
  if (textOf(body, "channel") === "email") {
    return {
      title: "An e-mail could not be delivered",
      text: `Look whether the address for alerts is right.${reason}`,
      go: { to: "alerts", word: "See alerts" },
    };
  }
  return {
    title: `Webhook ${numberOf(body, "webhook_id") ?? ""} did not take what it was told`.replace(
      "  ",
      " ",
    ),
    text: `What it missed can be sent again.${reason}`,
    go: { to: "webhooks", word: "See webhooks" },
  };
}

const COUNTED: Record<string, string> = {
  requests: "requests",
  bytes: "bytes",
  errors: "errors",
  rejected: "rejected requests",
};

function alert(body: Figures): Said {
  const name = textOf(body, "name");
  return {
    title: name === null ? "An alert was crossed" : `Alert “${name}” was crossed`,
    text: crossed(body),
    go: { to: "alerts", word: "See alerts" },
  };
}

function crossed(body: Figures): string {
  const metric = textOf(body, "metric");
  const service = textOf(body, "service");
  const of = service === null ? "" : ` of ${serviceName(service)}`;
  const period = textOf(body, "of") ?? "the period";
  const [value, threshold] = [numberOf(body, "value"), numberOf(body, "threshold")];
  const set =
    threshold === null ? "" : ` The alert was set to ${thresholdWords(metric, threshold)}.`;
  if (value === null) return set.trim();
  switch (metric) {
    case "spend":
      return `Spending${of} in ${period} was ${formatUsd(value)}.${set}`;
    case "spend_percent":
      return `Spending in ${period} was ${formatCount(value)}% of the limit.${set}`;
    case "balance_below":
      return `Your balance was ${formatUsd(value)}.${set}`;
    default:
      return `${formatCount(value)} ${COUNTED[metric ?? ""] ?? metric ?? ""}${of} in ${period}.${set}`;
  }
}

function cents(body: Figures, name: string): string {
  const value = numberOf(body, name);
  return value === null ? "An amount" : formatUsdCents(value);
}

function month(body: Figures): string {
  const value = textOf(body, "month");
  return value === null ? "this month" : monthName(value);
}

function moment(iso: string): string {
  const at = Date.parse(iso);
  return `${formatDay(at)} ${formatMinute(at)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
