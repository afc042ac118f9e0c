// What the page reads of the server. Figures of now are of the topic `traffic`, which is read again every few seconds.
import {
  billingStanding,
  infraHeatmap,
  infraSeries,
  infraSummary,
  type PhaseWord,
  quarantineReasons,
  type TopBy,
  topCustomers,
} from "@suiftly/ui/api/admin";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../app/session";
import { keyOf } from "../app/topics";
import {
  hourBefore,
  lastHour,
  movingHour,
  recentSpan,
  rfc3339,
  type Span,
  sameHourLastWeek,
} from "./span";

/** A minute's answers are of no use when the next has its own. */
const KEPT_MS = 60_000;
const NEXT = { placeholderData: keepPreviousData, gcTime: KEPT_MS } as const;

/** How recent requests may be told apart. */
export type Grouping =
  | "all"
  | "server_id,service_type,network,backend_id"
  | "service_type,network,backend_id";

const grouped = (by: Grouping) => (by === "all" ? {} : { group_by: by });
const between = ({ from, to }: Span) => ({ from: rfc3339(from), to: rfc3339(to) });

/** The last five minutes and the running one. */
export const recentQuery = (minute: number, by: Grouping) =>
  queryOptions({
    queryKey: keyOf("traffic", "recent", by, minute),
    queryFn: async ({ signal }) => {
      const query = { ...between(recentSpan(minute)), bucket: "minute", ...grouped(by) } as const;
      return (await infraSummary({ client, signal, query })).data;
    },
    ...NEXT,
  });

/** The whole hour a week ago that recent times are held against. */
export const lastWeekQuery = (minute: number, by: Grouping) => {
  const span = sameHourLastWeek(minute);
  return queryOptions({
    queryKey: keyOf("past", "week", by, span.from),
    queryFn: async ({ signal }) => {
      const query = { ...between(span), bucket: "hour", ...grouped(by) } as const;
      return (await infraSummary({ client, signal, query })).data;
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
};

/** The last hour by minute. */
export const hourQuery = (minute: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "hour", minute),
    queryFn: async ({ signal }) => {
      const query = { ...between(lastHour(minute)), bucket: "minute" } as const;
      return (await infraSeries({ client, signal, query })).data;
    },
    ...NEXT,
  });

/** The hour before that one, as a whole. */
export const hourBeforeQuery = (minute: number) =>
  queryOptions({
    queryKey: keyOf("past", "hour before", minute),
    queryFn: async ({ signal }) => {
      const query = { ...between(hourBefore(minute)), bucket: "minute" } as const;
      return (await infraSummary({ client, signal, query })).data;
    },
    staleTime: Number.POSITIVE_INFINITY,
    ...NEXT,
  });

export const heatQuery = (minute: number, phase: PhaseWord) =>
  queryOptions({
    queryKey: keyOf("traffic", "heat", phase, minute),
    queryFn: async ({ signal }) => {
      const query = { ...between(lastHour(minute)), bucket: "minute", phase } as const;
      return (await infraHeatmap({ client, signal, query })).data;
    },
    ...NEXT,
  });

/** Customers' last 24 hours against the 24 before. */
export const topQuery = (by: TopBy, n: number) =>
  queryOptions({
    queryKey: keyOf("traffic", "top", by, n),
    queryFn: async ({ signal }) =>
      (await topCustomers({ client, signal, query: { by, n, range: "24h" } })).data,
    placeholderData: keepPreviousData,
  });

const MOVED = 50;

/** Whose use moved most within the hour. */
export const movedQuery = (minute: number) => {
  const span = movingHour(minute);
  return queryOptions({
    queryKey: keyOf("traffic", "moved", span.from),
    queryFn: async ({ signal }) => {
      const query = { by: "requests", n: MOVED, ...between(span) } as const;
      return (await topCustomers({ client, signal, query })).data;
    },
    ...NEXT,
  });
};

/** Everybody's money: what changes it is told by nothing, so it is read with the figures. */
export const standingQuery = queryOptions({
  queryKey: keyOf("traffic", "standing"),
  queryFn: async ({ signal }) => (await billingStanding({ client, signal })).data,
});

export const quarantineQuery = queryOptions({
  queryKey: keyOf("quarantine", "reasons"),
  queryFn: async ({ signal }) => (await quarantineReasons({ client, signal })).data.reasons,
});
