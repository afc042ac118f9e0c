import { listSessions } from "@suiftly/ui/api/customer";
import { queryOptions } from "@tanstack/react-query";
import { client } from "../../app/client";

const FRESH_MS = 15_000;

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async ({ signal }) => (await listSessions({ client, signal })).data.items,
  refetchInterval: FRESH_MS,
});
