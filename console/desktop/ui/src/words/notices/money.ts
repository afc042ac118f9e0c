// What is told of customers' money. Who it is stands beside the words, as a link.
import { formatBytes, formatCount, formatMoment, formatUsd } from "@suiftly/ui";
import { type Body, cents, count, instant, microUsd, month, sentence, text } from "./read";
import { customerPlace, type NoticeWords, type Say, type Told } from "./shape";

export const MONEY: Readonly<Record<string, Say>> = {
  deposit: (body, notice) => ({
    title: `${cents(body, "amount_usd_cents")} was deposited`,
    detail: "It is in the escrow. Keys that had stopped for want of a balance work again.",
    todo: null,
    place: customerPlace(notice),
  }),
  withdrawal_paid: (body, notice) => ({
    title: `${cents(body, "amount_usd_cents")} was withdrawn`,
    detail: "What had accrued was drawn before; the rest was paid out.",
    todo: null,
    place: customerPlace(notice),
  }),
  insufficient_balance: (body, notice) => ({
    title: "The balance fell short",
    detail: `${cents(body, "balance_usd_cents")} is left, less than what has accrued. Their keys are refused until a deposit covers it.`,
    todo: "Nothing, unless they ask. A credit helps at once; a deposit works within a second of its arrival.",
    place: customerPlace(notice),
  }),
  monthly_limit: (body, notice) => ({
    title: "The month’s limit is reached",
    detail: `They have used the ${cents(body, "max_monthly_usd_cents")} of ${month(body)}. Their keys are refused until they raise the limit, or the month ends.`,
    // The window is not told which escrow it is.
    todo: "Nothing, unless they ask. On Sui only they can raise it, with their wallet; elsewhere you may, too.",
    place: customerPlace(notice),
  }),
  alert_crossed: (body, notice) => ({
    title: `Their alert “${text(body, "name") ?? "without a name"}” was crossed`,
    detail: alertWords(body),
    todo: null,
    place: customerPlace(notice),
  }),
  charge_refused: (body, notice) => ({
    title: `The escrow refused to give ${cents(body, "amount_usd_cents")}`,
    detail: refusedWords(body, notice),
    todo: "Look at the cause. It is tried again by itself, and longer apart each time.",
    place: customerPlace(notice),
  }),
  unexpected_charge: (body) => ({
    title: `${cents(body, "amount_usd_cents")} was drawn that nobody asked for`,
    detail:
      "No open intent has this draw’s number. The amount was given to the customer as a credit.",
    todo: "Find who drew it: the digest names the transaction. Run the job reconcile.",
    place: { to: "/jobs", search: { job: "reconcile" }, word: "Open the job" },
  }),
  escrow_changed: (body) => ({
    title: "The escrow contract was changed by its admin",
    detail: changed(body),
    todo: "If it was not you: stop charging, tell customers to withdraw, and look the transaction up with an explorer.",
    place: null,
  }),
  sui_nodes: (body) => ({
    title: "The nodes of Sui are not believed",
    detail: sentence(text(body, "why") ?? "Why was not said"),
    todo: "Look at what each says of the transaction, and at a third node. Charges wait in doubt meanwhile; nothing is drawn twice.",
    place: null,
  }),
  sui_events: (body) => ({
    title: "The escrow’s events on Sui cannot be followed",
    detail: sentence(text(body, "why") ?? "Why was not said"),
    todo: "Deposits are not seen until they can. Use nodes that keep older checkpoints, or mend billing.sui.",
    place: null,
  }),
  sui_operator: (body) => ({
    title: "The operator’s transactions on Sui come to nothing",
    detail: sentence(text(body, "why") ?? "Why was not said"),
    todo: "Run suiftly doctor. Out of gas: send SUI to the operator’s address balance. Not an operator: the house’s admin has to name the address. The coin’s issuer paused it, or denies an address: funds stay where they are, and only the issuer ends it; a denied treasury can be replaced.",
    place: null,
  }),
  renewal_failed: (body, notice) => ({
    title: `${month(body)} could not begin for a customer`,
    detail: sentence(text(body, "cause") ?? "The cause was not said"),
    todo: "Their subscriptions of that month are not charged until it does. It is tried again each time the job runs.",
    place: customerPlace(notice),
  }),
  close_refused: (body, notice) => ({
    title: `${month(body)} was not closed for a customer`,
    detail: `${sentence(text(body, "why") ?? "Why was not said")} The month stays open, and has no invoice.`,
    todo: "Settle what differs, then close the month again.",
    place: closing(body, notice),
  }),
  account_closed: (body, notice) => ({
    title: "An account was closed",
    detail: owed(body),
    todo: null,
    place: customerPlace(notice),
  }),
  delivery_dead: (body, notice) => ({
    title:
      text(body, "channel") === "email"
        ? "An e-mail to a customer was given up"
        : "A webhook of a customer was given up",
    detail: deliveryWords(body),
    todo: "Nothing here: their receiver has to answer. They can send it again from their own page.",
    place: customerPlace(notice),
  }),
};

/** Who is named or revoked, and what is announced, stands in the transaction. */
function changed(body: Body): string {
  const event = text(body, "event");
  const digest = text(body, "digest");
  const what = event === null ? "What changed was not said." : `It says ${event}.`;
  return digest === null ? what : `${what} The transaction is ${digest.replace(/:\d+$/, "")}.`;
}

const PERIODS: Readonly<Record<string, string>> = {
  hour: "an hour",
  day: "a day",
  month: "a month",
};

function alertWords(body: Body): string {
  const metric = text(body, "metric") ?? "";
  const [value, threshold] = [measured(metric, body, "value"), measured(metric, body, "threshold")];
  const of = text(body, "service");
  const where = of === null ? "" : `, ${of} alone`;
  if (metric === "balance_below") return `The balance is ${value}, below ${threshold}.`;
  const over = PERIODS[text(body, "period") ?? ""] ?? "a period";
  const word = METRICS[metric] ?? metric;
  return `${word} came to ${value}; they wanted to know from ${threshold} in ${over} on${where}.`;
}

const METRICS: Readonly<Record<string, string>> = {
  spend: "Spend",
  spend_percent: "Spend",
  requests: "Requests",
  bytes: "Bytes",
  errors: "Errors",
  rejected: "Rejected requests",
};

function measured(metric: string, body: Body, name: string): string {
  const value = count(body, name);
  if (value === null) return formatCount(null);
  switch (metric) {
    case "spend":
    case "balance_below":
      return formatUsd(Math.round(value));
    case "spend_percent":
      return `${formatCount(Math.round(value))}% of their limit`;
    case "bytes": {
      const { value: size, unit } = formatBytes(Math.round(value));
      return `${size} ${unit}`;
    }
    default:
      return formatCount(Math.round(value));
  }
}

function refusedWords(body: Body, { created_at }: Told): string {
  const next = instant(body, "next_at");
  const failures = count(body, "failures") ?? 1;
  const told = created_at === undefined ? next : Date.parse(created_at);
  const again =
    next === null || told === null ? "" : ` The next try is at ${formatMoment(next, told)}.`;
  const times = failures > 1 ? ` ${formatCount(failures)} times in a row.` : "";
  return `${sentence(text(body, "cause") ?? "The cause was not said")}${times} It was for ${month(body)}.${again}`;
}

function closing(body: Body, notice: Told): NoticeWords["place"] {
  const search: Record<string, string | number> = {};
  const of = text(body, "month");
  if (of !== null) search.month = of;
  if (notice.customer_id != null) search.customer_id = notice.customer_id;
  return { to: "/billing", search, word: "Open the close" };
}

function owed(body: Body): string {
  if ((count(body, "owed_micro_usd") ?? 0) <= 0) return "Nothing is owed. What was left went back.";
  return `${microUsd(body, "owed_micro_usd")} is owed, and can no longer be drawn.`;
}

function deliveryWords(body: Body): string {
  const status = count(body, "last_status");
  const answer = status === null ? "had no answer" : `was answered with ${status}`;
  const error = text(body, "last_error");
  const of = text(body, "event_type") ?? "an event";
  return `The last try of ${of} ${answer}.${error === null ? "" : ` ${sentence(error)}`}`;
}
