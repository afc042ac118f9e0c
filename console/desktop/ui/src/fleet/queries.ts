import { fleet, vaultDiff, vaultStatus, vaultVersions } from "@suiftly/ui/api/admin";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client } from "../app/session";
import { keyOf } from "../app/topics";

/** How each expected edge and its gateways stand. */
export const fleetQuery = queryOptions({
  queryKey: keyOf("fleet"),
  queryFn: async ({ signal }) => (await fleet({ client, signal })).data,
});

/** The version in force, what waits, and who holds it. */
export const vaultStatusQuery = queryOptions({
  queryKey: keyOf("vault", "status"),
  queryFn: async ({ signal }) => (await vaultStatus({ client, signal })).data,
});

const PAGE = 50;

/** What was published, the latest first. */
export const versionsQuery = infiniteQueryOptions({
  queryKey: keyOf("vault", "versions"),
  queryFn: async ({ signal, pageParam }) => {
    const query = { limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) };
    return (await vaultVersions({ client, signal, query })).data;
  },
  initialPageParam: null as string | null,
  getNextPageParam: ({ next_cursor }) => next_cursor ?? null,
});

/** What differs between two versions. They never change: it is read once. */
export function diffQuery(from: number, to: number, era: string) {
  return queryOptions({
    queryKey: keyOf("past", "vault diff", era, from, to),
    queryFn: async ({ signal }) => (await vaultDiff({ client, signal, query: { from, to } })).data,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
