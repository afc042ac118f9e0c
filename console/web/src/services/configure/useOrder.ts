import { ApiError, useToast } from "@suiftly/ui";
import type { QuoteRequest, ServiceView } from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { SERVICE_NAMES } from "../../app/queries";
import { keepService } from "../inForce";
import { useInForce } from "../useInForce";
import { useResume } from "../useResume";
import { type Mend, mend, place } from "./order";
import { doneWords } from "./words";

interface Ordered {
  readonly request: QuoteRequest;
  /** What the quote said is charged now. */
  readonly expected: number;
  /** What is done first, so that the order can be paid for. */
  readonly first?: Mend;
}

/** Refusals of which the next quote tells everything. */
const QUOTED = new Set(["quote_changed", "insufficient_balance", "monthly_limit_exceeded"]);

export function isTold(error: unknown): boolean {
  return error instanceof ApiError && QUOTED.has(error.problem.code);
}

/** Places an order, at the price that was quoted and no other. */
export function useOrder(service: ServiceView) {
  const cache = useQueryClient();
  const tell = useInForce(service.service);
  const resume = useResume(service);
  const toast = useToast();
  const order = useMutation({
    mutationFn: async ({ request, expected, first }: Ordered) => {
      const startedAt = performance.now();
      if (first) await mend(first);
      return { startedAt, ...(await place(service.service, request, expected)) };
    },
    onSuccess: ({ startedAt, service: after, charged }, { request }) => {
      keepService(cache, after);
      const act = { order: request.order, quote: charged, name: SERVICE_NAMES[service.service] };
      const words = doneWords(act);
      const action = { label: "Take it back", onPress: () => resume.mutate() };
      const undo = after.scheduled !== null && { action };
      // Only what changes something now has to reach the gateways.
      if (charged.items_now.length > 0) void tell({ words, startedAt, ...undo });
      else toast({ text: words, ...undo });
    },
    // What was refused has another price, or another reason, by now.
    onError: () => void cache.invalidateQueries({ queryKey: ["quote"] }),
    onSettled: () => void cache.invalidateQueries({ queryKey: ["billing"] }),
  });
  return { order };
}
