import { useState } from "react";

interface Query {
  readonly error: Error | null;
  readonly isSuccess: boolean;
}

/**
 * Why the query has no answer, until it has one. A query that never had one forgets its error whenever it is asked again,
 * and one that is polled would show shapes and failure in turns.
 */
export function useLastError({ error, isSuccess }: Query): Error | null {
  const [last, setLast] = useState(error);
  const now = error ?? (isSuccess ? null : last);
  if (now !== last) setLast(now);
  return now;
}
