import { useToast } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { useQueryClient } from "@tanstack/react-query";
import { inForceWords, measureUntilEverywhere } from "./inForce";

interface Done {
  readonly words: string;
  /** Of `performance.now`: when it was asked for. */
  readonly startedAt: number;
  readonly action?: { readonly label: string; readonly onPress: () => void };
}

/** Says what was done once every gateway has it, with the measured time. For what gateways have to know. */
export function useInForce(service: ServiceWord) {
  const cache = useQueryClient();
  const toast = useToast();
  return async ({ words, startedAt, action }: Done) => {
    const tookMs = await measureUntilEverywhere(cache, service, startedAt);
    toast({ text: `${words} ${inForceWords(tookMs)}`, ...(action && { action }) });
  };
}
