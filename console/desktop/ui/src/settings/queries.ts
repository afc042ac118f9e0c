import { listOperators } from "@suiftly/ui/api/admin";
import { queryOptions } from "@tanstack/react-query";
import { client, commands } from "../app/session";
import { keyOf } from "../app/topics";

export const operatorsQuery = queryOptions({
  queryKey: keyOf("activity", "operators"),
  queryFn: async ({ signal }) => (await listOperators({ client, signal })).data.items,
});

/** Servers kept under a name, of the native side. */
export const profilesQuery = queryOptions({
  queryKey: ["window", "profiles"],
  queryFn: commands.profiles,
});
