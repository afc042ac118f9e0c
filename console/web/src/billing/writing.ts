// Writes of the billing pages: one press is one write, however often it has to be sent.
import { ApiError } from "@suiftly/ui";
import type { ActWord } from "@suiftly/ui/api/customer";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { newKey } from "../app/client";
import { configQuery } from "../app/queries";
import { askToSign, type Moved } from "./signing/order";

export interface Done<T> {
  readonly data: T;
  /** Measured here: from the press to the answer; of what a wallet signs, from its signature on. */
  readonly tookMs: number;
}

type Key = ReturnType<typeof newKey>;

type Send<T> = (cents: number, headers: Key) => Promise<{ data: T; tookMs?: number }>;

/** Moves funds, or sets the limit: by a request where the server keeps the escrow, by the wallet where a chain does. */
export function useFundsWrite(act: ActWord, request: Send<Moved>) {
  const queries = useQueryClient();
  return useAmountWrite<Moved>(async (cents, headers) => {
    // Asked for when the page began: a press before the answer waits for it, and does not go the wrong way.
    const { escrow } = await queries.fetchQuery(configQuery);
    return escrow === "sui" ? askToSign({ act, cents }) : request(cents, headers);
  });
}

/** Sends an amount in cents; what it changes is read again. */
function useAmountWrite<T>(send: Send<T>) {
  const queries = useQueryClient();
  const pending = useRef<{ cents: number; headers: Key } | null>(null);
  return useMutation({
    mutationFn: async (cents: number): Promise<Done<T>> => {
      if (pending.current?.cents !== cents) pending.current = { cents, headers: newKey() };
      const began = performance.now();
      const { data, tookMs } = await send(cents, pending.current.headers);
      return { data, tookMs: tookMs ?? performance.now() - began };
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
