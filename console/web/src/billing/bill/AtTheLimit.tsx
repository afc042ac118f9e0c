import { formatUsd, formatUsdCents } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { nextFirst } from "../words";
import { uncutForecast } from "./live";

interface AtTheLimitProps {
  billing: Billing;
  /** What is used by now, in micro-dollars. */
  used: number;
}

/** What the limit does, and whether the month is expected to reach it. */
export function AtTheLimit({ billing, used }: AtTheLimitProps) {
  return (
    <div className="max-w-105 space-y-1 text-13 text-ink-2">
      <p>{limitWords(billing)}</p>
      <p>{forecastWords(billing, used)}</p>
    </div>
  );
}

function limitWords({ max_monthly_usd_cents: limit, month, state }: Billing): string {
  if (limit == null) return "There is no limit: charges go on as long as your escrow lasts.";
  const amount = formatUsdCents(limit);
  const first = nextFirst(month);
  return state === "monthly_limit"
    ? `Your services are paused: the limit of ${amount} is reached. They resume on ${first}, or within a second of a higher limit.`
    : `At ${amount} your services pause until ${first}, or until you raise the limit.`;
}

function forecastWords(billing: Billing, used: number): string {
  const { forecast } = billing;
  if (forecast.total_micro_usd === 0 && used === 0) {
    return "Nothing is used yet, so there is no forecast.";
  }
  const uncut = formatUsd(uncutForecast(billing));
  return forecast.is_limited
    ? `At the rate of the last 24 hours the month would come to ${uncut}, which is more than the limit.`
    : `Forecast: ${uncut}, at the rate of the last 24 hours.`;
}
