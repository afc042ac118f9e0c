// What the parts of one customer's page share: who it is, and the month's figures as they are now.
import { formatDay, monthName } from "@suiftly/ui";
import type { CustomerView } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { useNow } from "../app/console";
import { monthEnd } from "../model/months";
import type { MoneyNow } from "./acts/effects";
import { type MonthFigures, monthFigures, type Pace, paceSince } from "./month";
import { hoursQuery, spendQuery } from "./queries";

const CustomerContext = createContext<CustomerView | null>(null);
export const CustomerProvider = CustomerContext;

export function useCustomer(): CustomerView {
  const customer = useContext(CustomerContext);
  if (customer === null) throw new Error("outside of CustomerProvider");
  return customer;
}

export interface MonthNow extends MonthFigures {
  /** "2026-11" */
  readonly month: string;
  readonly state: string | null;
  /** RFC 3339; null before it ever changed. */
  readonly stateSince: string | null;
  readonly completeTo: string | null;
}

/** The running month of a customer, by what is rated at this moment. */
export function useMonth({ customer_id, money }: CustomerView): MonthNow {
  const now = useNow();
  const { data: spend } = useQuery(spendQuery(customer_id));
  const { data: hours } = useQuery(hoursQuery(customer_id));
  const month = spend?.month ?? new Date(now).toISOString().slice(0, 7);
  const stored = money.months.find((of) => of.month === month)?.rated_micro_usd ?? 0;
  const rated = spend?.rated_this_month_micro_usd ?? stored;
  const recent = hours?.rated_micro_usd ?? null;
  const pace: Pace | null =
    recent === null ? null : { recentMicroUsd: recent, since: paceSince(now), now };
  return {
    ...monthFigures(money, month, rated, pace),
    month,
    state: spend?.state ?? money.state ?? null,
    stateSince: spend?.changed?.at ?? null,
    completeTo: spend?.complete_to ?? null,
  };
}

/** The same as acts go by it. */
export function moneyNow(month: MonthNow): MoneyNow {
  const end = monthEnd(month.month);
  const next = new Date(end).toISOString().slice(0, 7);
  return { ...month, first: `${formatDay(end).split(" ")[0]} ${monthName(next)}` };
}
