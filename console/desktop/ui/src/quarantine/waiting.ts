// Quarantined lines that have become nothing yet. Those that became something stay to be looked at, and wait no more.
import { formatCount } from "@suiftly/ui";
import type { QuarantineReason } from "@suiftly/ui/api/admin";

type Waiting = Pick<QuarantineReason, "waiting">;

/** As many as one request gives again. */
export const AT_ONCE = 1_000;

export function linesWaiting(reasons: readonly Waiting[]): number {
  return reasons.reduce((sum, { waiting }) => sum + waiting, 0);
}

/** How many lines of a reason can be given again in one press, and as words: "42 lines". */
export function replayable(stand: (Waiting & Pick<QuarantineReason, "under_way">) | null) {
  const most = stand === null ? 0 : Math.min(stand.waiting - stand.under_way, AT_ONCE);
  return { most, words: `${formatCount(most)} ${most === 1 ? "line" : "lines"}` };
}
