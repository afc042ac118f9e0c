// A customer's month in figures: what it has come to, what it is expected to come to, how long the escrow lasts. The same
// rule as the customers' own bill: what is left of the month goes on as the last 24 hours, the running one among them.
import { HOUR_MS } from "@suiftly/ui";
import type { CustomerMonth, MoneyView } from "@suiftly/ui/api/admin";
import { monthEnd } from "../model/months";

const RATE_HOURS = 24;

export interface Pace {
  /** Rated since `since`. */
  readonly recentMicroUsd: number;
  /** Unix times in ms. */
  readonly since: number;
  readonly now: number;
}

export interface MonthFigures {
  readonly used: number;
  /** null while the pace is not known. */
  readonly forecast: number | null;
  readonly limit: number | null;
  readonly drawn: number;
  /** Owed and not drawn, less credits: what the balance has to cover. */
  readonly accrued: number;
  /** The same before credits. */
  readonly owed: number;
  readonly inFlight: number;
  readonly credits: number;
  readonly balance: number;
  readonly escrow: Escrow | null;
}

export type Escrow =
  | { readonly kind: "covers" }
  | { readonly kind: "short"; readonly at: number; readonly shortMicroUsd: number };

/** Since when usage counts for the pace: a whole hour. */
export function paceSince(now: number): number {
  return Math.floor(now / HOUR_MS) * HOUR_MS - (RATE_HOURS - 1) * HOUR_MS;
}

/** `rated` is of the running month, as it is now: later than what `money` was read with. */
export function monthFigures(
  money: MoneyView,
  month: string,
  rated: number,
  pace: Pace | null,
): MonthFigures {
  const row = money.months.find((of) => of.month === month) ?? NO_MONTH;
  const used = row.fixed_micro_usd + rated;
  const limit = money.max_monthly_micro_usd ?? null;
  const accrued = money.accrued_micro_usd + Math.max(0, rated - row.rated_micro_usd);
  const expected = pace === null ? null : used + atPace(pace, monthEnd(month) - pace.now);
  const forecast = expected === null || limit === null ? expected : Math.min(expected, limit);
  const balance = money.balance_micro_usd;
  return {
    used,
    forecast,
    limit,
    drawn: row.charged_micro_usd,
    accrued,
    owed: accrued + money.credits_micro_usd,
    inFlight: row.in_flight_micro_usd,
    credits: money.credits_micro_usd,
    balance,
    escrow:
      pace === null || forecast === null
        ? null
        : escrow(balance - accrued, Math.max(0, forecast - used), pace),
  };
}

const NO_MONTH: Omit<CustomerMonth, "month"> = {
  charged_micro_usd: 0,
  credits_micro_usd: 0,
  fixed_micro_usd: 0,
  in_flight_micro_usd: 0,
  rated_micro_usd: 0,
};

/** What `ms` more come to. Whole numbers: a product of both is more than a float holds. */
function atPace({ recentMicroUsd, since, now }: Pace, ms: number): number {
  const elapsed = BigInt(Math.max(1, Math.floor(now - since)));
  const left = BigInt(Math.max(0, Math.floor(ms)));
  return Number((BigInt(Math.max(0, recentMicroUsd)) * left) / elapsed);
}

/** Whether what is there covers what the month still has to draw, and else until when. */
function escrow(available: number, still: number, pace: Pace): Escrow {
  if (available > 0 && available >= still) return { kind: "covers" };
  const perMs = pace.recentMicroUsd / Math.max(1, pace.now - pace.since);
  const lasts = available <= 0 || perMs <= 0 ? 0 : available / perMs;
  return { kind: "short", at: pace.now + lasts, shortMicroUsd: Math.max(0, still - available) };
}
