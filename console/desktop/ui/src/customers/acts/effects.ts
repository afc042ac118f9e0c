// What an act does, said before it is done.
import { formatUsd, formatUsdCents } from "@suiftly/ui";

/** The API takes none below, but 0 for no limit. */
export const LEAST_LIMIT_CENTS = 1_000;
export const MOST_LIMIT_CENTS = 10_000_000_000;
export const MOST_CREDIT_CENTS = 100_000_000;
const MICRO_PER_CENT = 10_000;

/** What an act goes by, as it is now. */
export interface MoneyNow {
  readonly used: number;
  readonly forecast: number | null;
  readonly limit: number | null;
  readonly credits: number;
  readonly accrued: number;
  readonly balance: number;
  readonly state: string | null;
  /** "1 December": when the month's limit begins anew. */
  readonly first: string;
}

export interface Effect {
  readonly words: string;
  /** Something stops at once. */
  readonly stops: boolean;
}

/** `cents` null: no limit. */
export function limitEffect(now: MoneyNow, cents: number | null): Effect {
  const resumes = now.state === "monthly_limit" ? " They are served again within a second." : "";
  if (cents === null) {
    return effect(`The month is charged as long as their escrow lasts.${resumes}`);
  }
  const limit = cents * MICRO_PER_CENT;
  if (now.used >= limit) {
    return {
      stops: true,
      words: `They have used ${formatUsd(now.used)} this month. Their keys are refused within a second, until ${now.first} or a higher limit. What is used stays owed.`,
    };
  }
  const left = formatUsd(limit - now.used);
  const room = `${formatUsd(now.used)} is used this month, ${left} is left.${resumes}`;
  return effect(
    now.forecast !== null && now.forecast > limit
      ? `${room} At the pace of the last 24 hours the month comes to ${formatUsd(now.forecast)}: they would be refused before ${now.first}.`
      : `${room} At ${formatUsdCents(cents)} their keys are refused until ${now.first}.`,
  );
}

/** What is wrong with a limit before it is asked for; null: nothing. */
export function limitProblem(cents: number | null, limit: number | null): string | null {
  if (cents === null) return null;
  if (cents < LEAST_LIMIT_CENTS) return `At least ${formatUsdCents(LEAST_LIMIT_CENTS)}.`;
  if (cents > MOST_LIMIT_CENTS) return `At most ${formatUsdCents(MOST_LIMIT_CENTS)}.`;
  return limit === cents * MICRO_PER_CENT ? "This is the limit already." : null;
}

export function creditEffect(now: MoneyNow, cents: number): string {
  const amount = cents * MICRO_PER_CENT;
  const credits = `Credits go from ${formatUsd(now.credits)} to ${formatUsd(now.credits + amount)}.`;
  const pays = Math.min(amount, Math.max(0, now.accrued));
  const owed = pays > 0 ? ` ${formatUsd(pays)} of what is accrued is covered by it.` : "";
  return `${credits}${owed} It is used before their escrow of ${formatUsd(now.balance)} is drawn, and cannot be taken back.`;
}

export function creditProblem(cents: number | null): string | null {
  if (cents === null) return null;
  if (cents <= 0) return "More than nothing.";
  return cents > MOST_CREDIT_CENTS ? `At most ${formatUsdCents(MOST_CREDIT_CENTS)}.` : null;
}

/** "3 keys are refused within a second." */
export function suspendEffect(keys: number): string {
  if (keys === 0) return "They have no key in use; one made meanwhile is refused.";
  const which = keys === 1 ? "Their one key is" : `All ${keys} of their keys are`;
  return `${which} refused within a second, at every gateway.`;
}

/** What follows once an operator's no is taken back. */
export function activateEffect({ limit, used, balance, accrued }: MoneyNow): Effect {
  if (limit !== null && used >= limit) {
    return {
      stops: true,
      words: "The month’s limit is reached: they stay refused until it is raised.",
    };
  }
  if (accrued >= balance) {
    return { stops: true, words: "The balance is short: they stay refused until they deposit." };
  }
  return effect("Their keys are served again within a second.");
}

function effect(words: string): Effect {
  return { words, stops: false };
}
