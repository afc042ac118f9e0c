// What the manager's jobs and clock say.
import { listJobRuns, listJobs } from "@suiftly/ui/api/admin";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../app/session";
import { keyOf } from "../app/topics";

const A_PAGE = 50;

export const jobsQuery = queryOptions({
  queryKey: keyOf("jobs", "all"),
  queryFn: async ({ signal }) => (await listJobs({ client, signal })).data,
});

export const runsQuery = (name: string, work: boolean) =>
  infiniteQueryOptions({
    queryKey: keyOf("jobs", "runs", name, work),
    queryFn: async ({ signal, pageParam }) => {
      const query = { limit: A_PAGE, work, ...(pageParam !== "" && { cursor: pageParam }) };
      return (await listJobRuns({ client, signal, path: { name }, query })).data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: keepPreviousData,
  });

/** The last run of a job that did something, failed, or runs still; null where none is kept. */
export const lastWorkQuery = (name: string) =>
  queryOptions({
    queryKey: keyOf("jobs", "last work", name),
    queryFn: async ({ signal }) => {
      const query = { limit: 1, work: true };
      return (await listJobRuns({ client, signal, path: { name }, query })).data.items[0] ?? null;
    },
  });
