import { formatDuration, formatUsdCents } from "@suiftly/ui";
import type { Moved } from "../signing/order";
import { Digest } from "../transactions/Digest";
import type { Done } from "../writing";

interface DepositDoneProps {
  /** In cents, while it is under way. */
  pending: number | null;
  done: Done<Moved> | null;
}

/** How far a deposit is: told to those who listen, too. */
export function DepositDone({ pending, done }: DepositDoneProps) {
  return (
    <div role="status" className="text-12">
      {pending !== null && <p className="mt-3 text-ink-2">Depositing {formatUsdCents(pending)}.</p>}
      {pending === null && done && (
        <div className="mt-3 border-t border-line pt-3">
          <p>
            Deposited {formatUsdCents(done.data.amount_usd_cents)} in {formatDuration(done.tookMs)}.
          </p>
          <p className="mt-1 flex items-center justify-between gap-3 text-ink-3">
            <Digest digest={done.data.digest} />
          </p>
        </div>
      )}
    </div>
  );
}
