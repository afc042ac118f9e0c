// What the overview alone reads.
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@suiftly/ui";
import {
  listActivity,
  type ServiceWord,
  type Summary,
  usageSeries,
  usageSummary,
} from "@suiftly/ui/api/customer";
import { queryOptions } from "@tanstack/react-query";
import { client } from "../app/client";
import { lastDay } from "./grid";
import { ratePerSecond } from "./rate";
import type { TrafficRange } from "./search";

const FIGURES_MS = 5_000;
const HOURS_MS = 30_000;
const TOLD_MS = 15_000;
const RECENT = 5;

/** Usage since midnight, UTC. */
export const todayQuery = (midnight: number) =>
  queryOptions({
    queryKey: ["overview", "today", midnight],
    queryFn: async ({ signal }) => {
      const query = { from: new Date(midnight).toISOString(), percentiles: false };
      return (await usageSummary({ client, signal, query })).data;
    },
    refetchInterval: FIGURES_MS,
  });

interface ServiceDay extends Summary {
  /** Requests a second since the answer before; null on the first. */
  readonly perSecond: number | null;
}

/** A service's last 24 hours. */
export const serviceDayQuery = (service: ServiceWord) =>
  queryOptions({
    queryKey: ["overview", "day", service],
    queryFn: async ({ client: cache, queryKey, signal }): Promise<ServiceDay> => {
      const query = { range: "24h", service_type: service } as const;
      const { data } = await usageSummary({ client, signal, query });
      const before = cache.getQueryData<ServiceDay>(queryKey);
      return { ...data, perSecond: ratePerSecond(before, data) };
    },
    refetchInterval: FIGURES_MS,
  });

/** The same by hour. */
export const serviceHoursQuery = (service: ServiceWord) =>
  queryOptions({
    queryKey: ["overview", "hours", service],
    queryFn: async ({ signal }) => {
      const span = { range: "24h", bucket: "hour", percentiles: false } as const;
      const query = { ...span, service_type: service };
      return (await usageSeries({ client, signal, query })).data;
    },
    refetchInterval: HOURS_MS,
  });

/** How wide a bucket of the chart is, and what it is made of. */
export const TRAFFIC_STEPS = {
  "24h": { ms: 15 * MINUTE_MS, bucket: "five_minutes" },
  "24h-hours": { ms: HOUR_MS, bucket: "hour" },
} as const satisfies Record<TrafficRange, { ms: number; bucket: string }>;

/** All traffic of the last 24 hours. */
export const trafficQuery = (range: TrafficRange, now: number) => {
  const { ms, bucket } = TRAFFIC_STEPS[range];
  const { from, to } = lastDay(now, ms, DAY_MS);
  return queryOptions({
    queryKey: ["overview", "traffic", range, from],
    queryFn: async ({ signal }) => {
      const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
      const query = { ...span, bucket, percentiles: false };
      return (await usageSeries({ client, signal, query })).data;
    },
    refetchInterval: FIGURES_MS,
    // The chart moves on by a bucket: until the answer is there, the one before stands.
    placeholderData: (before, asked) => (asked?.queryKey[2] === range ? before : undefined),
  });
};

export const recentActivityQuery = queryOptions({
  queryKey: ["activity", "recent"],
  queryFn: async ({ signal }) =>
    (await listActivity({ client, signal, query: { limit: RECENT } })).data.items,
  refetchInterval: TOLD_MS,
});
