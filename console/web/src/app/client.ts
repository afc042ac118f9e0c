// The client for all that needs a session: one that ran out is renewed, unseen.
import { openCustomerClient } from "@suiftly/ui";
import { renewSession } from "../signin/session";

export const client = openCustomerClient({ renewSession });

/** Names a write: made once a press, so that sending it again is the same write. */
export function newKey(): { readonly "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}
