import { acknowledgeNotification, audit, listNotifications } from "@suiftly/ui/api/admin";
import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import { client, newKey } from "../app/session";
import { keyOf } from "../app/topics";

/** Notifications that nobody has acknowledged, the latest first. */
export const openNoticesQuery = queryOptions({
  queryKey: keyOf("notifications", "open"),
  queryFn: async ({ signal }) =>
    (await listNotifications({ client, signal, query: { state: "open", limit: 100 } })).data.items,
});

const PAGE = 100;

/** Open ones, or all, the latest first. */
export function noticesQuery(state: "open" | "all") {
  return infiniteQueryOptions({
    queryKey: keyOf("notifications", "list", state),
    queryFn: async ({ signal, pageParam }) => {
      const query = { state, limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) };
      return (await listNotifications({ client, signal, query })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? null,
  });
}

const NAMES = 200;

/** Who acknowledged what, of late: the audit knows. */
export const acknowledgersQuery = queryOptions({
  queryKey: keyOf("activity", "acknowledged"),
  queryFn: async ({ signal }) => {
    const query = { action: "notification.acknowledge", limit: NAMES };
    const { items } = (await audit({ client, signal, query })).data;
    const names = new Map<number, string>();
    // The latest first: the first time counts.
    for (const { change, actor, actor_kind } of items)
      if (typeof change.id === "number")
        names.set(change.id, actor_kind === "operator" ? actor : "the customer");
    return names;
  },
});

/** One after the other, so that what failed is known; answers how many. */
export async function acknowledge(ids: readonly number[]): Promise<number> {
  for (const id of ids) await acknowledgeNotification({ client, headers: newKey(), path: { id } });
  return ids.length;
}

export async function readAgain(queries: QueryClient): Promise<void> {
  await Promise.all(
    ["notifications", "activity"].map((topic) => queries.invalidateQueries({ queryKey: [topic] })),
  );
}
