// What an order charges and does, in words. Every figure is the quote's.
import { formatCount, formatUsd, monthName } from "@suiftly/ui";
import type { OrderItem, OrderQuote, OrderWord, Terms, UsagePrice } from "@suiftly/ui/api/customer";
import { tierName } from "./choice";

const CENT_MICRO_USD = 10_000;
const GIB = 1024 ** 3;

/** "$40" where there are no cents to say, else "$40.50". */
export function roundUsd(microUsd: number): string {
  return formatUsd(microUsd).replace(/\.00$/, "");
}

/** Micro-dollars that are asked for in whole cents: never less than what is needed. */
export function wholeCents(microUsd: number): number {
  return Math.ceil(microUsd / CENT_MICRO_USD);
}

/** "2026-12" → "1 December" */
export function firstOf(month: string): string {
  return `1 ${monthName(month)}`;
}

export function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const MORE: Partial<Record<string, readonly [string, string]>> = {
  seal_key: ["more seal key", "more seal keys"],
  package: ["more package", "more packages"],
  api_key: ["more API key", "more API keys"],
};

/** "Enterprise instead of Pro", "Burst", "2 more seal keys" */
export function itemWords({ item, tier, instead_of, quantity, description }: OrderItem): string {
  if (item === "tier" && tier !== null) {
    return instead_of === null
      ? tierName(tier)
      : `${tierName(tier)} instead of ${tierName(instead_of)}`;
  }
  if (item === "burst") return "Burst";
  const more = MORE[item];
  return more ? plural(quantity, ...more) : description;
}

/** "$145.00 more a month, for 9 of 30 days"; "$5.00 a month each, for …" */
export function proRataWords(one: OrderItem): string {
  const price = formatUsd(one.monthly_micro_usd);
  const days = `for ${one.days} of ${one.days_in_month} days`;
  if (one.instead_of !== null) return `${price} more a month, ${days}`;
  return one.quantity > 1 ? `${price} a month each, ${days}` : `${price} a month, ${days}`;
}

/** What is less from then on: "Enterprise becomes Pro", "Burst ends", "1 API key fewer". */
export function lessWords(from: Terms, to: Terms | null, name: string): readonly string[] {
  if (to === null) return [`${name} ends`];
  const fewer = [
    ["extra_seal_keys", "seal key fewer", "seal keys fewer"],
    ["extra_packages", "package fewer", "packages fewer"],
    ["extra_api_keys", "API key fewer", "API keys fewer"],
  ] as const;
  return [
    ...(from.tier === to.tier ? [] : [`${tierName(from.tier)} becomes ${tierName(to.tier)}`]),
    ...(from.burst && !to.burst ? ["Burst ends"] : []),
    ...fewer
      .filter(([extra]) => to[extra] < from[extra])
      .map(([extra, one, many]) => plural(from[extra] - to[extra], one, many)),
  ];
}

interface Act {
  readonly order: OrderWord;
  readonly quote: OrderQuote;
  /** The service's name. */
  readonly name: string;
}

/** The button: what is done, for how much, or when. */
export function actWords({ order, quote, name }: Act): string {
  const price = formatUsd(quote.total_now_micro_usd);
  if (order === "enable") return `Enable for ${price}`;
  if (order === "resume") return keepWords(quote, name);
  if (quote.items_now.length > 0) return `${gainWords(quote)} for ${price}`;
  if (quote.scheduled === null) return keepWords(quote, name);
  const to = quote.scheduled.subscription;
  const date = firstOf(quote.next_month);
  return to !== null && to.tier !== quote.subscription?.tier
    ? `Go to ${tierName(to.tier)} on ${date}`
    : `Change on ${date}`;
}

function keepWords({ subscription }: OrderQuote, name: string): string {
  return subscription ? `Keep ${name} on ${tierName(subscription.tier)}` : `Keep ${name}`;
}

/** "Upgrade to Enterprise", "Add burst", "Add 2 seal keys" */
function gainWords({ items_now }: OrderQuote): string {
  const tier = items_now.find(({ item }) => item === "tier")?.tier;
  if (tier) return `Upgrade to ${tierName(tier)}`;
  const [only, ...others] = items_now;
  if (only === undefined || others.length > 0) return "Add them";
  return only.item === "burst" ? "Add burst" : `Add ${itemWords(only)}`;
}

/** The same after another act: "Deposit $15.00 and enable". */
export function thenWords({ order, quote }: Act): string {
  if (order === "enable") return "enable";
  const gain = gainWords(quote);
  return gain.charAt(0).toLowerCase() + gain.slice(1);
}

/** What was done, for a toast. It goes on with when it was in force. */
export function doneWords({ order, quote, name }: Act): string {
  if (order === "enable") return `${name} is enabled.`;
  if (order === "disable") return `${name} ends on ${firstOf(quote.next_month)}.`;
  if (order === "resume" || (quote.items_now.length === 0 && quote.scheduled === null)) {
    return `${name} goes on as it is.`;
  }
  const tier = quote.items_now.find(({ item }) => item === "tier")?.tier;
  if (tier) return `${name} is on ${tierName(tier)}.`;
  if (quote.items_now.length > 0) return `${name} has what you added.`;
  return `${name} changes on ${firstOf(quote.next_month)}.`;
}

/** One sentence for those who do not see the panel. */
export function quoteWords(quote: OrderQuote): string {
  const now = formatUsd(quote.total_now_micro_usd);
  const later = formatUsd(quote.total_next_month_micro_usd);
  return `${now} now, then ${later} a month from ${firstOf(quote.next_month)}.`;
}

/** "$1.00 per 10,000", "$0.06 per GiB"; null where the price has bands, quotas or a minimum. */
export function usagePriceWords({
  price_micro_usd,
  per_units,
  ...price
}: UsagePrice): string | null {
  const plain =
    price.model === "per_unit" && price.free_units === 0 && price.minimum_micro_usd === 0;
  if (!plain || typeof price_micro_usd !== "number") return null;
  const units = per_units === GIB ? "GiB" : formatCount(per_units);
  return `${formatUsd(price_micro_usd)} per ${units}`;
}
