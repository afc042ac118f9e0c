import { ApiError, useToast } from "@suiftly/ui";
import {
  configureService,
  type FieldError,
  type ServiceView,
  type SettingsRequest,
} from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, newKey } from "../../app/client";
import { keepService } from "../inForce";
import { useInForce } from "../useInForce";

/** Saves who may call. */
export function useSettings({ service }: ServiceView) {
  const cache = useQueryClient();
  const tell = useInForce(service);
  const toast = useToast();
  return useMutation({
    mutationFn: async (body: SettingsRequest) => {
      const startedAt = performance.now();
      const options = { client, headers: newKey(), path: { service }, body };
      return { startedAt, after: (await configureService(options)).data };
    },
    onSuccess: ({ startedAt, after }, body) => {
      keepService(cache, after);
      if (body.origins) toast({ text: "Your origins are saved." });
      else void tell({ words: "Who may call is saved.", startedAt });
    },
  });
}

/** What the API says of single fields. */
export function fieldErrors(error: unknown): readonly FieldError[] {
  return error instanceof ApiError ? (error.problem.errors ?? []) : [];
}
