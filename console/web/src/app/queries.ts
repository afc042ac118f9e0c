// What several pages read. What one area alone reads is in that area's own queries.ts.
import { ApiError } from "@suiftly/ui";
import {
  billing,
  listAlerts,
  listNotifications,
  listServices,
  me,
  type ServiceWord,
  signInConfig,
} from "@suiftly/ui/api/customer";
import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";

/** While a change is on its way to the gateways, and else. */
const UPDATING_MS = 400;
const RESTING_MS = 10_000;
const MONEY_MS = 5_000;
const TOLD_MS = 15_000;

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }) => (await me({ client, signal })).data,
  retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status === 401),
});

export const configQuery = queryOptions({
  queryKey: ["config"],
  queryFn: async ({ signal }) => (await signInConfig({ client, signal })).data,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Every service that is sold; followed closely while one is updating. */
export const servicesQuery = queryOptions({
  queryKey: ["services"],
  queryFn: async ({ signal }) => (await listServices({ client, signal })).data.items,
  refetchInterval: ({ state }) =>
    state.data?.some(({ is_updating }) => is_updating) ? UPDATING_MS : RESTING_MS,
});

/** Where the money stands. The live stream tells usage sooner: see `useLive`. */
export const billingQuery = queryOptions({
  queryKey: ["billing"],
  queryFn: async ({ signal }) => (await billing({ client, signal })).data,
  refetchInterval: MONEY_MS,
});

/** What the customer was told and has not acknowledged, the latest first. */
export const notificationsQuery = queryOptions({
  queryKey: ["notifications", "open"],
  queryFn: async ({ signal }) =>
    (await listNotifications({ client, signal, query: { limit: 20 } })).data.items,
  refetchInterval: TOLD_MS,
});

export const alertsQuery = queryOptions({
  queryKey: ["alerts"],
  queryFn: async ({ signal }) => (await listAlerts({ client, signal })).data.items,
  refetchInterval: TOLD_MS,
});

export const SERVICE_NAMES: Record<ServiceWord, string> = {
  seal: "Seal",
  grpc: "gRPC",
  graphql: "GraphQL",
};

/** In the order of the catalogue. */
export const SERVICES = Object.keys(SERVICE_NAMES) as ServiceWord[];

export function isService(word: string): word is ServiceWord {
  return word in SERVICE_NAMES;
}
