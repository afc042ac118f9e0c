// Writes of the billing pages: one press is one write, however often it has to be sent.
import { ApiError } from "@suiftly/ui";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { newKey } from "../app/client";

export interface Done<T> {
  readonly data: T;
  /** Measured here: from the press to the answer. */
  readonly tookMs: number;
}

type Key = ReturnType<typeof newKey>;

/** Sends an amount in cents; what it changes is read again. */
export function useAmountWrite<T>(send: (cents: number, headers: Key) => Promise<{ data: T }>) {
  const queries = useQueryClient();
  const pending = useRef<{ cents: number; headers: Key } | null>(null);
  return useMutation({
    mutationFn: async (cents: number): Promise<Done<T>> => {
      if (pending.current?.cents !== cents) pending.current = { cents, headers: newKey() };
      const began = performance.now();
      const { data } = await send(cents, pending.current.headers);
      return { data, tookMs: performance.now() - began };
    },
    onSuccess: () => {
      pending.current = null;
      void queries.invalidateQueries({ queryKey: ["billing"] });
      void queries.invalidateQueries({ queryKey: ["services"] });
    },
    onError: (error) => {
      if (isRefusal(error)) pending.current = null;
    },
  });
}

/** Nothing was done. Else nobody knows: to send it again must be the same write. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof ApiError && error.status < 500 && error.problem.code !== "outcome_unknown"
  );
}
