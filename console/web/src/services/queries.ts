// What the services' pages alone read.
import {
  listPackages,
  listSealKeys,
  type QuoteRequest,
  quoteService,
  type ServiceWord,
  usagePeaks,
  usageSeries,
  usageSummary,
} from "@suiftly/ui/api/customer";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../app/client";
import type { Range } from "./stats/search";

const LIVE_MS = 1_000;
const FIGURES_MS = 5_000;
const CHART_MS = 15_000;

/** What an order would cost and do. The one before it stays until the next is there. */
export function quoteQuery(service: ServiceWord, request: QuoteRequest | null) {
  return queryOptions({
    queryKey: ["quote", service, request],
    queryFn: async ({ signal }) => {
      if (request === null) throw new Error("asked for a quote of nothing");
      return (await quoteService({ client, signal, path: { service }, body: request })).data;
    },
    enabled: request !== null,
    placeholderData: keepPreviousData,
    // A price is never taken from before.
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
}

/** The last 24 hours of a service. */
export function dayQuery(service: ServiceWord) {
  return queryOptions({
    queryKey: ["usage", "summary", service, "24h"],
    queryFn: async ({ signal }) =>
      (await usageSummary({ client, signal, query: { range: "24h", service_type: service } })).data,
    refetchInterval: FIGURES_MS,
  });
}

/** The last 60 minutes of a service, by minute. */
export function hourQuery(service: ServiceWord) {
  return queryOptions({
    queryKey: ["usage", "minutes", service],
    queryFn: async ({ signal }) => {
      const query = { bucket: "minute", percentiles: false, service_type: service } as const;
      return (await usageSeries({ client, signal, query })).data;
    },
    refetchInterval: LIVE_MS,
  });
}

export function seriesQuery(service: ServiceWord, range: Range) {
  return queryOptions({
    queryKey: ["usage", "series", service, range],
    queryFn: async ({ signal }) =>
      (await usageSeries({ client, signal, query: { range, service_type: service } })).data,
    placeholderData: keepPreviousData,
    refetchInterval: CHART_MS,
  });
}

export function peaksQuery(service: ServiceWord, days: number) {
  return queryOptions({
    queryKey: ["usage", "peaks", service, days],
    queryFn: async ({ signal }) =>
      (await usagePeaks({ client, signal, query: { days, service_type: service } })).data,
    staleTime: CHART_MS,
  });
}

export const sealKeysQuery = queryOptions({
  queryKey: ["seal-keys"],
  queryFn: async ({ signal }) => (await listSealKeys({ client, signal })).data.items,
});

export function packagesQuery(id: number) {
  return queryOptions({
    queryKey: ["seal-keys", id, "packages"],
    queryFn: async ({ signal }) =>
      (await listPackages({ client, signal, path: { id } })).data.items,
  });
}
