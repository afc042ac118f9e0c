// Changing alerts.
import {
  type AlertChangeRequest,
  type AlertView,
  changeAlert,
  createAlert,
  deleteAlert,
  type NewAlertRequest,
} from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, type newKey } from "../../app/client";
import { alertsQuery } from "../../app/queries";

type Key = ReturnType<typeof newKey>;

export type AlertWrite =
  | { readonly is: "create"; readonly alert: NewAlertRequest; readonly key: Key }
  | {
      readonly is: "change";
      readonly id: number;
      readonly change: AlertChangeRequest;
      readonly key: Key;
    }
  | { readonly is: "delete"; readonly id: number; readonly key: Key };

export function useAlertWrite() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: () => cache.invalidateQueries({ queryKey: alertsQuery.queryKey }),
  });
}

/** null: there is none any more. */
async function write(asked: AlertWrite): Promise<AlertView | null> {
  const headers = asked.key;
  switch (asked.is) {
    case "create":
      return (await createAlert({ client, headers, body: asked.alert })).data;
    case "change": {
      const { id, change } = asked;
      return (await changeAlert({ client, headers, path: { id }, body: change })).data;
    }
    case "delete":
      await deleteAlert({ client, headers, path: { id: asked.id } });
      return null;
  }
}
