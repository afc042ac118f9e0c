// The proof of a request: fetched as the bytes that it is, and verified here. A server that lies is found out, one that answers
// with the proof of another request too.
import { proof } from "@suiftly/ui/api/customer";
import { isOfRequest, ProofError, type VerifiedProof, verifyProof } from "@suiftly/ui/proof";
import { queryOptions } from "@tanstack/react-query";
import { client } from "../../app/client";

export interface CheckedProof {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly verified: VerifiedProof;
}

/** `request` as the drill-down names it, `hour` its hour's first instant. */
export function proofQuery(request: string, hour: string) {
  return queryOptions({
    queryKey: ["billing", "proof", request, hour],
    queryFn: async ({ signal }): Promise<CheckedProof> => {
      const query = { request, hour };
      const { data } = await proof({ client, signal, query, parseAs: "arrayBuffer" });
      if (!(data instanceof ArrayBuffer)) throw new TypeError("The answer is not a file.");
      const bytes = new Uint8Array(data);
      const verified = await verifyProof(bytes);
      if (!isOfRequest(verified.record, request)) throw new ProofError("another");
      return { bytes, verified };
    },
    // It is made of what does not change, and takes the server a while.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}
