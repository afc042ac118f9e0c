// The live bill: what the API last said, moved on by what the stream rated since.
import type { Usage } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";

/** The API answers in turns, the stream every moment: whichever stands at the later epoch is right, upwards or downwards. */
export function usedNow(billing: Billing, usage: Usage | null): number {
  if (usage === null || usage.month !== billing.month || usage.epoch < billing.epoch) {
    return billing.used_this_month_micro_usd;
  }
  const since = usage.ratedMicroUsd - billing.rated_this_month_micro_usd;
  return billing.used_this_month_micro_usd + since;
}

/** What the month would come to if nothing stopped it: the API's total is cut at the limit. */
export function uncutForecast({ forecast }: Billing): number {
  return forecast.usage_micro_usd + forecast.subscriptions_micro_usd;
}
