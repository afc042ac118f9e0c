// What an amount does to the escrow, in words: figures are the API's, or differences of two of them.
import { formatDay, formatUsd, formatUsdCents } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { nextFirst } from "../words";

const MICRO_PER_CENT = 10_000;

/** How long the balance lasts, and what the 1st takes of it. */
export function lastsWords(billing: Billing, now: number): readonly string[] {
  const { next_subscriptions_micro_usd: next } = billing;
  const words = billing.balance_usd_cents > 0 ? [lasts(billing.lasts_until, now)] : [];
  if (next > 0) words.push(`On ${nextFirst(billing.month)} plans take ${formatUsd(next)}.`);
  return words;
}

function lasts(until: string | null, now: number): string {
  if (until === null) return "Lasts more than 90 days at the rate of the last 24 hours.";
  const at = Date.parse(until);
  return at <= now
    ? "It does not cover what you have used."
    : `Lasts until about ${formatDay(at)}.`;
}

/** Whether something stopped for want of funds: a new account has nothing yet that could. */
export function hasFallenShort(billing: Billing): boolean {
  const isUsed = billing.used_this_month_micro_usd > 0 || billing.accrued_micro_usd > 0;
  return (
    billing.state === "insufficient_balance" && (isUsed || billing.next_subscriptions_micro_usd > 0)
  );
}

/** What a deposit comes to. How much longer that lasts only the API could say. */
export function depositWords(billing: Billing, cents: number): readonly string[] {
  const { resume_deposit_usd_cents: resume, short_micro_usd: short } = billing;
  const words = [`Then ${formatUsdCents(billing.balance_usd_cents + cents)}.`];
  if (hasFallenShort(billing) && resume !== null) words.push(resumeWords(resume, cents));
  else if (short > 0) words.push(shortWords(short, cents));
  return words;
}

function resumeWords(resume: number, cents: number): string {
  return cents >= resume
    ? "Your services resume within a second."
    : `Your services resume with ${formatUsdCents(resume)}: that is ${formatUsdCents(resume - cents)} more.`;
}

function shortWords(short: number, cents: number): string {
  const left = short - cents * MICRO_PER_CENT;
  return left <= 0
    ? "That covers this month’s forecast."
    : `Still ${formatUsd(left)} short of this month’s forecast.`;
}

/** What can be asked for: in escrow, and not asked for already. */
export function withdrawable({ balance_usd_cents, withdrawing_usd_cents }: Billing): number {
  return Math.max(0, balance_usd_cents - withdrawing_usd_cents);
}
