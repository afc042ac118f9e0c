// One renewal for all tabs: a refresh token is good for one use, and using it again would end the session.

const LOCK = "suiftly-renewal";

/** What of `navigator.locks` is needed. */
export interface Locks {
  request<T>(
    name: string,
    options: LockOptions,
    hold: (lock: Lock | null) => Promise<T>,
  ): Promise<T>;
}

interface Renewal {
  /** Absent where the page's origin is not secure; the server then forgives two uses within seconds. */
  readonly locks: Locks | undefined;
  /** Uses the refresh token; false: there is no session any more. */
  readonly renew: () => Promise<boolean>;
  /** Whether the session is taken as it is. */
  readonly works: () => Promise<boolean>;
  /** Whether another tab has renewed it just now: what was refused may have been asked before that. */
  readonly renewedElsewhere: () => boolean;
}

/** Whoever had to wait for another tab's renewal looks whether that was enough before renewing again. */
export async function renewAcrossTabs(renewal: Renewal): Promise<boolean> {
  const { locks, renew, works, renewedElsewhere } = renewal;
  const lookFirst = async () => (await works()) || (await renew());
  if (locks === undefined) return renew();
  const first = await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock === null) return null;
    return renewedElsewhere() ? lookFirst() : renew();
  });
  return first ?? locks.request(LOCK, {}, lookFirst);
}
