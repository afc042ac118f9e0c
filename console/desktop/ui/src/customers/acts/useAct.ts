// An act on a customer: done, told with the time it took, and all that stands on the page read again.
import { formatDuration, useToast } from "@suiftly/ui";
import type { GrantItem } from "@suiftly/ui/api/admin";
import { useQueryClient } from "@tanstack/react-query";
import { useMeasured } from "../../parts/acts/useMeasured";
import { useCustomer } from "../useCustomer";
import { followVault } from "./follow";

interface Act {
  /** Asks the server; what it answers goes into the words. */
  readonly ask: () => Promise<unknown>;
  /** "Suspended": stands before the time. */
  readonly done: string;
  /** What the gateways' grants are to be, and the words for when they are. */
  readonly vault?: {
    readonly isThere: (grants: readonly GrantItem[]) => boolean;
    readonly words: string;
  };
  readonly undo?: { readonly label: string; readonly onPress: () => void };
}

export function useAct(): (act: Act) => Promise<void> {
  const { customer_id } = useCustomer();
  const measured = useMeasured();
  const queries = useQueryClient();
  const toast = useToast();
  return async ({ ask, done, vault, undo }) => {
    const from = performance.now();
    await measured({
      ask,
      // All of them: an act shows in the activity log, the vault and the money alike.
      topics: "all",
      told: ({ tookMs }) => ({
        text: `${done} in ${formatDuration(tookMs)}.`,
        ...(undo && { action: undo }),
      }),
    });
    if (vault === undefined) return;
    void followVault(customer_id, vault.isThere, from)
      .then((ms) => {
        void queries.invalidateQueries({ queryKey: ["vault"] });
        toast(
          ms === null
            ? { kind: "bad", text: "The vault has not followed within 5 s: see the fleet." }
            : { text: `${vault.words} ${formatDuration(ms)} after the press.` },
        );
      })
      .catch(() => toast({ kind: "bad", text: "Whether the vault followed could not be read." }));
  };
}
