// The manager's clock, which months, jobs and price books go by: development may have moved it ahead.
import { clock } from "@suiftly/ui/api/admin";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useNow } from "./console";
import { client } from "./session";
import { keyOf } from "./topics";

export const clockQuery = queryOptions({
  queryKey: keyOf("jobs", "clock"),
  queryFn: async ({ signal }) => (await clock({ client, signal })).data,
});

/** Now by that clock. */
export function useManagerNow(): number {
  const now = useNow();
  const { data } = useQuery(clockQuery);
  return now + (data?.offset_ms ?? 0);
}
