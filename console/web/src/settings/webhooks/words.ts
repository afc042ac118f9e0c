// What a webhook is told of, and what became of a delivery, in words.
import { formatDuration, formatMoment } from "@suiftly/ui";
import type { DeliveryView, WebhookEventWord } from "@suiftly/ui/api/customer";

export type OneEvent = Exclude<WebhookEventWord, "*">;

export const EVENTS: readonly { value: OneEvent; label: string; help: string }[] = [
  { value: "alert", label: "Alerts", help: "A threshold of yours is crossed." },
  {
    value: "balance",
    label: "Balance",
    help: "Deposits, withdrawals, a balance that does not cover what is used.",
  },
  {
    value: "charge",
    label: "Charges",
    help: "One that was refused or not asked for; a subscription that could not be renewed.",
  },
  { value: "invoice", label: "Invoices", help: "Invoices and notes: issued, paid, failed." },
  { value: "key", label: "API keys", help: "Made, revoked, enabled again, deleted." },
  { value: "limit", label: "Monthly limit", help: "It is reached." },
  {
    value: "delivery",
    label: "Deliveries",
    help: "Another webhook does not answer any more.",
  },
];

export function eventsWords(events: readonly WebhookEventWord[]): string {
  if (events.includes("*")) return "Everything";
  return EVENTS.filter(({ value }) => events.includes(value))
    .map(({ label }) => label)
    .join(", ");
}

/** "Taken after 212 ms, with 200.", "Not taken: answered 500. Next try at 14:32:07, after 3 tries so far." */
export function outcomeWords(delivery: DeliveryView, now: number): string {
  const { state, attempts, delivered_at, next_attempt_at, last_status } = delivery;
  switch (state) {
    case "delivered":
      return takenWords(
        Date.parse(delivered_at ?? ""),
        Date.parse(delivery.created_at),
        last_status,
      );
    case "dead":
      return `Given up after ${tries(attempts)}: ${causeOf(delivery)}.`;
    case "pending":
      if (attempts === 0 || next_attempt_at === null) return "On its way.";
      return `Not taken: ${causeOf(delivery)}. Next try at ${formatMoment(Date.parse(next_attempt_at), now)}, after ${tries(attempts)} so far.`;
  }
}

/** A replayed one was made long before it was taken: that span says nothing of the receiver. */
const SAID_MAX_MS = 60_000;

function takenWords(delivered: number, created: number, status: number | null): string {
  const after = delivered - created;
  const answer = status === null ? "" : `, answered ${status}`;
  if (Number.isNaN(after) || after > SAID_MAX_MS) return `Taken${answer}.`;
  return `Taken after ${formatDuration(Math.max(0, after))}${answer}.`;
}

function causeOf({ last_error, last_status }: DeliveryView): string {
  if (last_error !== null && last_error !== "") return last_error;
  return last_status === null ? "no answer" : `answered ${last_status}`;
}

function tries(attempts: number): string {
  return attempts === 1 ? "1 try" : `${attempts} tries`;
}
