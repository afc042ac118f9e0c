import { useToast } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { SERVICE_NAMES } from "../app/queries";
import { place } from "./configure/order";
import { doneWords } from "./configure/words";
import { keepService } from "./inForce";

/** Takes back what is scheduled for the month's end. It is free: nothing had ended yet. */
export function useResume({ service }: ServiceView) {
  const cache = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: () => place(service, { order: "resume" }, 0),
    onSuccess: ({ service: after, charged }) => {
      keepService(cache, after);
      const act = { order: "resume", quote: charged, name: SERVICE_NAMES[service] } as const;
      toast({ text: doneWords(act) });
    },
    onSettled: () => void cache.invalidateQueries({ queryKey: ["billing"] }),
  });
}
