// Reading and changing webhooks.
import {
  changeWebhook,
  createWebhook,
  type DeliveryView,
  deleteWebhook,
  listDeliveries,
  listWebhooks,
  type NewWebhookRequest,
  replayDelivery,
  rotateWebhookSecret,
  testWebhook,
  type WebhookChangeRequest,
} from "@suiftly/ui/api/customer";
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, newKey } from "../../app/client";

const FRESH_MS = 15_000;
/** While a delivery is on its way. */
const PENDING_MS = 1_000;
const SHOWN = 20;

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks"],
  queryFn: async ({ signal }) => (await listWebhooks({ client, signal })).data.items,
  refetchInterval: FRESH_MS,
});

/** The latest deliveries of a webhook. */
export const deliveriesQuery = (id: number) =>
  queryOptions({
    queryKey: ["webhooks", id, "deliveries"],
    queryFn: async ({ signal }) =>
      (await listDeliveries({ client, signal, path: { id }, query: { limit: SHOWN } })).data,
    refetchInterval: ({ state }) => (state.data?.items.some(isPending) ? PENDING_MS : FRESH_MS),
  });

export function isPending({ state }: DeliveryView): boolean {
  return state === "pending";
}

/** The writes whose answers the list shows. Each press is a write of its own. */
export function useWebhookWrites() {
  const cache = useQueryClient();
  const onSuccess = () => cache.invalidateQueries({ queryKey: webhooksQuery.queryKey });
  const create = useMutation({
    mutationFn: async (body: NewWebhookRequest) =>
      (await createWebhook({ client, headers: newKey(), body })).data,
    onSuccess,
  });
  const change = useMutation({
    mutationFn: async ({ id, ...body }: WebhookChangeRequest & { id: number }) =>
      (await changeWebhook({ client, headers: newKey(), path: { id }, body })).data,
    onSuccess,
  });
  const rotate = useMutation({
    mutationFn: async (id: number) =>
      (await rotateWebhookSecret({ client, headers: newKey(), path: { id } })).data,
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: async (id: number) => {
      await deleteWebhook({ client, headers: newKey(), path: { id } });
    },
    onSuccess,
  });
  return { create, change, rotate, remove };
}

/** Deliveries made by hand: to see whether one arrives, or once more. */
export function useDeliveryWrites(id: number) {
  const cache = useQueryClient();
  const onSuccess = () => cache.invalidateQueries(deliveriesQuery(id));
  const test = useMutation({
    mutationFn: async () => (await testWebhook({ client, headers: newKey(), path: { id } })).data,
    onSuccess,
  });
  const replay = useMutation({
    mutationFn: async (delivery_id: number) =>
      (await replayDelivery({ client, headers: newKey(), path: { id, delivery_id } })).data,
    onSuccess,
  });
  return { test, replay };
}
