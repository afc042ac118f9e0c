import { systemLogs } from "@suiftly/ui/api/admin";
import { infiniteQueryOptions } from "@tanstack/react-query";
import { client, follower } from "../app/session";
import { keyOf } from "../app/topics";

/** The server’s most. */
const PAGE = 200;
/** As far back as the server answers at once: eight days, less the minute that it looks ahead. */
const REACH_MS = 8 * 86_400_000 - 120_000;

/** HAProxy’s own messages, the latest first, of one gateway or of all. */
export function messagesQuery(server: number | undefined) {
  return infiniteQueryOptions({
    queryKey: keyOf("system_logs", "messages", server ?? null),
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        from: new Date(follower.getView().now - REACH_MS).toISOString(),
        limit: PAGE,
        ...(server !== undefined && { server_id: server }),
        ...(pageParam !== null && { cursor: pageParam }),
      };
      return (await systemLogs({ client, signal, query })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? null,
  });
}
