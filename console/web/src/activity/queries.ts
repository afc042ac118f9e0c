import { type ActivityPage, listActivity, listNotifications } from "@suiftly/ui/api/customer";
import { infiniteQueryOptions } from "@tanstack/react-query";
import { client } from "../app/client";
import { type Group, prefixOf } from "./groups";

const ROWS_A_PAGE = 50;
/** What is new comes by itself while it is looked at. */
const FOLLOWED_MS = 15_000;

/** What was done, the latest first; of one group, or all. */
export function activityQuery(group: Group) {
  const action = prefixOf(group);
  return infiniteQueryOptions({
    queryKey: ["activity", group],
    queryFn: async ({ signal, pageParam }): Promise<ActivityPage> => {
      const query = {
        limit: ROWS_A_PAGE,
        ...(action && { action }),
        ...(pageParam && { cursor: pageParam }),
      };
      return (await listActivity({ client, signal, query })).data;
    },
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    // Who has gone back in time reads, and does not wait.
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? FOLLOWED_MS : false),
  });
}

export type NotificationState = "open" | "all";

/** What the customer was told, the latest first. */
export function toldQuery(state: NotificationState) {
  return infiniteQueryOptions({
    queryKey: ["notifications", "pages", state],
    queryFn: async ({ signal, pageParam }) => {
      const query = { state, limit: ROWS_A_PAGE, ...(pageParam && { cursor: pageParam }) };
      return (await listNotifications({ client, signal, query })).data;
    },
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: FOLLOWED_MS,
  });
}
