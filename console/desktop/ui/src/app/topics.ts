// What a query is about, said first in its key. The server tells which topics changed; figures over time change by
// themselves.

/** Topics of the stream's `revisions`; `traffic`: figures over time, read again every few seconds; and `past`: what is
 * over and stays as it is, which nothing reads again by itself. */
export type Topic =
  | "fleet"
  | "vault"
  | "notifications"
  | "jobs"
  | "quarantine"
  | "customers"
  | "invoices"
  | "price_books"
  | "formats"
  | "system_logs"
  | "activity"
  | "traffic"
  | "past";

/** A query's key: `keyOf("fleet")`, `keyOf("customers", id)`. */
export function keyOf(topic: Topic, ...rest: readonly unknown[]) {
  return [topic, ...rest] as const;
}

export const TRAFFIC_MS = 5_000;
/** Topics that the server says nothing of are read again so often. */
export const UNTOLD_MS = 10_000;

/** Which topics changed between two words of the server. What it has told nothing of before has not changed. */
export function changed(
  before: Readonly<Record<string, number | null>>,
  after: Readonly<Record<string, number | null>>,
): readonly string[] {
  return Object.keys(after).filter(
    (topic) => topic in before && after[topic] !== null && after[topic] !== before[topic],
  );
}

/** Whether only time tells that a topic may have changed: it is neither the past nor the server's to tell. */
export function untold(topic: string, revisions: Readonly<Record<string, number | null>>): boolean {
  return topic !== "traffic" && topic !== "past" && revisions[topic] == null;
}
