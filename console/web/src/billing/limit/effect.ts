// What a limit does, said before it is set.
import { formatUsd, formatUsdCents } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { uncutForecast } from "../bill/live";
import { nextFirst } from "../words";

/** The API takes none below but 0, and says so only once it refuses. */
export const LEAST_LIMIT_CENTS = 1_000;
const MICRO_PER_CENT = 10_000;

interface Effect {
  readonly words: string;
  /** Something stops at once. */
  readonly stops: boolean;
}

/** `cents` null: no limit. `used`: in micro-dollars, by now. */
export function limitEffect(billing: Billing, used: number, cents: number | null): Effect {
  const resumes = billing.state === "monthly_limit" ? " Your services resume within a second." : "";
  if (cents === null) return effect(`Charges go on as long as your escrow lasts.${resumes}`);
  const limit = cents * MICRO_PER_CENT;
  const first = nextFirst(billing.month);
  if (used >= limit) {
    const more = formatUsd(used);
    return {
      stops: true,
      words: `You have used ${more} this month already. Your services pause at once, until ${first} or a higher limit. What is used stays owed.`,
    };
  }
  const amount = formatUsdCents(cents);
  const left = formatUsd(limit - used);
  const room = `${formatUsd(used)} is used this month, ${left} is left.${resumes}`;
  const expected = uncutForecast(billing);
  return effect(
    expected > limit
      ? `${room} The month is forecast at ${formatUsd(expected)}: your services would pause before ${first}.`
      : `${room} At ${amount} your services pause until ${first}.`,
  );
}

function effect(words: string): Effect {
  return { words, stops: false };
}

/** Where the slider ends: beyond what is set and what is expected, at a round amount. */
export function sliderEndUsd(billing: Billing): number {
  const set = (billing.max_monthly_usd_cents ?? 0) / 100;
  const expected = uncutForecast(billing) / 1_000_000;
  return Math.max(1_000, Math.ceil(Math.max(set * 2, expected * 2) / 500) * 500);
}
