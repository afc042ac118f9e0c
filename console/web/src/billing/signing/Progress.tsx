import type { TransactionStand } from "@suiftly/ui/api/customer";
import { Digest } from "../transactions/Digest";
import { stateWords } from "./words";

/** How far a signed transaction is: told to those who listen, too. */
export function Progress({ stand }: { stand: TransactionStand | null }) {
  return (
    <div role="status" className="mt-4 text-13" data-testid="signing">
      {stand && (
        <>
          <p>{stateWords(stand.state)}</p>
          <p className="mt-1">
            <Digest digest={stand.digest} />
          </p>
        </>
      )}
    </div>
  );
}
