import { makeTransaction, type TransactionToSign } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { client } from "../../app/client";
import type { Asked } from "./order";
import { type Read, readTransaction, type Whose } from "./read";
import { checkOrder, says } from "./words";

export interface Made {
  readonly transaction: TransactionToSign;
  readonly read: Read;
  /** What it does, in words made from the bytes. */
  readonly words: readonly string[];
}

/** Has the transaction made, and reads what its bytes say. What they should not say is its error. */
export function useMade(asked: Asked, whose: Whose) {
  return useQuery({
    queryKey: ["signing", asked.nth],
    queryFn: async ({ signal }): Promise<Made> => {
      const body = { act: asked.act, amount_usd_cents: asked.cents };
      const { data: transaction } = await makeTransaction({ client, signal, body });
      const unitsPerCent = whose.sui.units_per_cent;
      const read = readTransaction(transaction.transaction, whose);
      checkOrder(read, asked, unitsPerCent);
      return { transaction, read, words: says(read.says, unitsPerCent) };
    },
    // One transaction for one asking: another would take its place on the server.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  });
}
