// The order that a refusal for want of a slot comes with, as the API names it.
import { ApiError } from "@suiftly/ui";
import type { SubscriptionRequest } from "@suiftly/ui/api/customer";

export interface SlotOrder {
  readonly used: number;
  readonly slots: number;
  /** What makes room; null: no more can be had. */
  readonly order: {
    readonly subscription: SubscriptionRequest;
    readonly nowMicroUsd: number;
    /** Of the whole service, each month from the next one on. */
    readonly monthlyMicroUsd: number;
  } | null;
}

const CODE = "key_limit_reached";

export function slotOrder(error: unknown): SlotOrder | null {
  if (!(error instanceof ApiError) || error.problem.code !== CODE) return null;
  const { used, slots, order } = fields(error.document);
  if (typeof used !== "number" || typeof slots !== "number") return null;
  return { used, slots, order: readOrder(fields(order)) };
}

function readOrder(order: Record<string, unknown>): SlotOrder["order"] {
  const { subscription, total_now_micro_usd: now, total_next_month_micro_usd: next } = order;
  const { tier } = fields(subscription);
  if (typeof now !== "number" || typeof next !== "number" || !isTier(tier)) return null;
  return {
    // It is sent back as it came.
    subscription: { ...fields(subscription), tier },
    nowMicroUsd: now,
    monthlyMicroUsd: next,
  };
}

function isTier(word: unknown): word is SubscriptionRequest["tier"] {
  return word === "starter" || word === "pro" || word === "enterprise";
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
