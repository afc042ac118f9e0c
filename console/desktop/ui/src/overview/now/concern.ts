// Something that needs somebody: one sentence, and where it is looked at.
import type { Goes } from "./goes";

export interface Concern {
  readonly key: string;
  readonly severity: Severity;
  /** Since when, or when it happened; null: it is so now. */
  readonly at: number | null;
  /** Whose it is: their name stands before the sentence. */
  readonly customerId: number | null;
  /** The sentence's loud part, and the rest of it. */
  readonly lead: string;
  readonly rest: string;
  readonly goes: Goes | null;
}

export type Severity = "bad" | "warn" | "note";

const GRAVITY: Readonly<Record<Severity, number>> = { bad: 0, warn: 1, note: 2 };

/** The gravest first; of the same gravity what is so now, then the latest. */
export function byGravity(concerns: readonly Concern[]): readonly Concern[] {
  const time = ({ at }: Concern) => at ?? Number.POSITIVE_INFINITY;
  return concerns.toSorted((a, b) => {
    const gravity = GRAVITY[a.severity] - GRAVITY[b.severity];
    if (gravity !== 0) return gravity;
    return time(a) === time(b) ? a.key.localeCompare(b.key) : time(b) - time(a);
  });
}

/** The parts that most concerns leave as they are. */
export const PLAIN = { at: null, customerId: null, rest: "", goes: null } as const;
