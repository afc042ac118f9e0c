// What is asked of customers. Figures over time are of the topic `traffic`; what an act changes is of `customers`.
import { formatMinute } from "@suiftly/ui";
import {
  audit,
  customerCharges,
  customerKeys,
  customerSpend,
  customerStatement,
  customerWhatIf,
  getCustomer,
  infraSeries,
  listCustomers,
  type TopBy,
  topCustomers,
  usageSeries,
  usageSummary,
  vault,
} from "@suiftly/ui/api/admin";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, follower } from "../app/session";
import { keyOf } from "../app/topics";
import type { Actor } from "./happened";
import { type Range, spanOf, TOP_MAX } from "./ranking";
import { columnsFrom, hoursFrom } from "./series";
import type { Instead } from "./whatIf";

const PAGE = 100;
const RECENT = 20;

const iso = (ms: number) => new Date(ms).toISOString();

export const customersQuery = (search: string | undefined, status: string | undefined) =>
  infiniteQueryOptions({
    queryKey: keyOf("customers", "list", search, status),
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        limit: PAGE,
        ...(search !== undefined && { search }),
        ...(status !== undefined && { status }),
        ...(pageParam !== null && { cursor: pageParam }),
      };
      return (await listCustomers({ client, signal, query })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });

export const topQuery = (by: TopBy, range: Range, n: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "top", by, range, n),
    queryFn: async ({ signal }) => {
      const query = { by, n, ...spanOf(range, follower.getView().now) };
      return (await topCustomers({ client, signal, query })).data;
    },
  });

/** What each used this month: the most first. */
export const monthTopQuery = (month: string) =>
  queryOptions({
    queryKey: keyOf("traffic", "month", month),
    queryFn: async ({ signal }) => {
      const query = { by: "money" as const, n: TOP_MAX, from: `${month}-01T00:00:00Z` };
      return (await topCustomers({ client, signal, query })).data;
    },
  });

/** One customer's day, where they are not among the first. */
export const dayQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "day", id),
    queryFn: async ({ signal }) => {
      const query = { customer_id: id, range: "24h" as const, percentiles: false };
      return (await usageSummary({ client, signal, query })).data;
    },
  });

export const customerQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("customers", "one", id),
    queryFn: async ({ signal }) =>
      (await getCustomer({ client, signal, path: { customer_id: id } })).data,
  });

export const spendQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "spend", id),
    queryFn: async ({ signal }) =>
      (await customerSpend({ client, signal, query: { customer_id: id } })).data,
  });

/** 24 hours by five minutes. */
export const trafficQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "series", id),
    queryFn: async ({ signal }) => {
      const from = iso(columnsFrom(follower.getView().now));
      const query = { customer_id: id, bucket: "five_minutes" as const, from, percentiles: false };
      return (await usageSeries({ client, signal, query })).data;
    },
  });

/** 24 hours by hour, with times and prices. */
export const hoursQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "hours", id),
    queryFn: async ({ signal }) => {
      const from = iso(hoursFrom(follower.getView().now));
      const query = { customer_id: id, bucket: "hour" as const, from, percentiles: true };
      return (await usageSeries({ client, signal, query })).data;
    },
  });

export const fleetHoursQuery = queryOptions({
  queryKey: keyOf("traffic", "fleet hours"),
  queryFn: async ({ signal }) => {
    const from = iso(hoursFrom(follower.getView().now));
    return (await infraSeries({ client, signal, query: { bucket: "hour", from } })).data;
  },
});

export const keyUseQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "keys", id),
    queryFn: async ({ signal }) =>
      (await customerKeys({ client, signal, query: { customer_id: id } })).data,
  });

/** What the vault in force grants them: as many as a customer has keys. */
export const grantsQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("vault", "grants", id),
    queryFn: async ({ signal }) =>
      (await vault({ client, signal, query: { customer_id: id, limit: 200 } })).data.items,
  });

export const statementQuery = (id: number) =>
  queryOptions({
    queryKey: keyOf("customers", "statement", id),
    queryFn: async ({ signal }) =>
      (await customerStatement({ client, signal, path: { customer_id: id } })).data,
  });

export const chargesQuery = (id: number) =>
  infiniteQueryOptions({
    queryKey: keyOf("customers", "charges", id),
    queryFn: async ({ signal, pageParam }) => {
      const query = { limit: RECENT, ...(pageParam !== null && { cursor: pageParam }) };
      return (await customerCharges({ client, signal, path: { customer_id: id }, query })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });

export const happenedQuery = (id: number, actor: Actor) =>
  infiniteQueryOptions({
    queryKey: keyOf("activity", "customer", id, actor),
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        customer_id: id,
        limit: RECENT,
        ...(actor !== "all" && { actor_kind: actor }),
        ...(pageParam !== null && { cursor: pageParam }),
      };
      return (await audit({ client, signal, query })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });

/** Asked anew with another price book, and with each hour: it reads the whole month. */
export const whatIfQuery = (id: number, { service, tier, burst }: Instead, now: number) =>
  queryOptions({
    queryKey: keyOf(
      "price_books",
      "what if",
      id,
      service,
      tier,
      burst,
      formatMinute(now).slice(0, 2),
    ),
    queryFn: async ({ signal }) => {
      const query = { service_type: service, tier, burst };
      return (await customerWhatIf({ client, signal, path: { customer_id: id }, query })).data;
    },
  });
