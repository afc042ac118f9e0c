import { type KeyView, listKeys } from "@suiftly/ui/api/customer";
import { queryOptions } from "@tanstack/react-query";
import { client } from "../app/client";

/** More than ten slots for each of three services can hold, replaced keys included. */
const KEYS_MAX = 200;
/** "Last used" is live; a hidden tab does not ask. */
const FOLLOWED_MS = 5_000;

/** Every key of the account, in the order they were made; by its first characters, never in full. */
export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async ({ signal }): Promise<readonly KeyView[]> =>
    (await listKeys({ client, signal, query: { limit: KEYS_MAX } })).data.items,
  refetchInterval: FOLLOWED_MS,
});
