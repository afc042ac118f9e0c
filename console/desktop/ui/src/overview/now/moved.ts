// Customers that went silent or jumped: their rate within the hour against the hour before.
import { formatRate, HOUR_MS } from "@suiftly/ui";
import type { TopCustomer, TopCustomers } from "@suiftly/ui/api/admin";
import { type Concern, PLAIN } from "./concern";

/** Below this rate a customer's comings and goings are nobody's concern. */
const LEAST_PER_SECOND = 0.5;
/** Silent: less than this part of what it was. Jumped: that many times. */
const SILENT_PART = 0.02;
const JUMP = 5;
const MOST = 4;

export function movedConcerns({ movers, from, to, complete_to }: TopCustomers): readonly Concern[] {
  const start = Date.parse(from);
  const end = Math.min(Date.parse(to), Date.parse(complete_to));
  if (end <= start) return [];
  return movers.flatMap((mover) => concernOf(mover, (end - start) / 1_000, start)).slice(0, MOST);
}

function concernOf(mover: TopCustomer, seconds: number, at: number): readonly Concern[] {
  const [now, before] = [mover.value / seconds, mover.value_before / (HOUR_MS / 1_000)];
  const key = `moved/${mover.customer_id}`;
  const goes = { to: "/customers/$id", id: mover.customer_id } as const;
  const common = { ...PLAIN, key, at, goes, customerId: mover.customer_id };
  if (before >= LEAST_PER_SECOND && now <= SILENT_PART * before) {
    const rest = `from ${formatRate(before)} / s the hour before.`;
    return [{ ...common, severity: "warn", lead: "went silent,", rest }];
  }
  if (now >= LEAST_PER_SECOND && before > 0 && now >= JUMP * before) {
    const rest = `to ${formatRate(now)} / s, from ${formatRate(before)} the hour before.`;
    return [{ ...common, severity: "note", lead: "jumped", rest }];
  }
  return [];
}
