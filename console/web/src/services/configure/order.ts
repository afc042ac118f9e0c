// Which order brings a service from where it stands to what was chosen, and asking for it.
import {
  changeService,
  deposit,
  disableService,
  enableService,
  type OrderAnswer,
  type QuoteRequest,
  resumeService,
  type ServiceView,
  type ServiceWord,
  setLimit,
  type Terms,
} from "@suiftly/ui/api/customer";
import { client, newKey } from "../../app/client";
import { type Choice, EXTRAS, goal } from "./choice";

/** null where nothing was chosen that is not so, or scheduled, already. */
export function orderFor(service: ServiceView, choice: Choice): QuoteRequest | null {
  const { subscription, scheduled } = service;
  if (subscription === null) return { order: "enable", subscription: choice };
  if (isSo(goal(service), choice)) return null;
  if (scheduled !== null && isSo(subscription, choice)) return { order: "resume" };
  return { order: "change", subscription: choice };
}

function isSo(terms: Terms | null, choice: Choice): boolean {
  return (
    terms !== null &&
    terms.tier === choice.tier &&
    terms.burst === choice.burst &&
    EXTRAS.every((extra) => terms[extra] === choice[extra])
  );
}

/** What is done first where the money or the limit does not allow the order. */
export type Mend =
  | { readonly kind: "deposit"; readonly cents: number }
  | { readonly kind: "limit"; readonly cents: number };

export async function mend({ kind, cents }: Mend): Promise<void> {
  const headers = newKey();
  if (kind === "deposit") {
    await deposit({ client, headers, body: { amount_usd_cents: cents } });
  } else {
    await setLimit({ client, headers, body: { max_monthly_usd_cents: cents } });
  }
}

/** Orders what was quoted, at the price that was quoted. */
export async function place(
  service: ServiceWord,
  { order, subscription }: QuoteRequest,
  expected_total_micro_usd: number,
): Promise<OrderAnswer> {
  const options = { client, headers: newKey(), path: { service } };
  const price = { expected_total_micro_usd };
  if (order === "disable") return (await disableService({ ...options, body: price })).data;
  if (order === "resume") return (await resumeService({ ...options, body: price })).data;
  if (!subscription) throw new Error(`an order to ${order} without a subscription`);
  const body = { ...price, subscription };
  const send = order === "enable" ? enableService : changeService;
  return (await send({ ...options, body })).data;
}
