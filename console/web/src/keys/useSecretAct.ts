import { useState } from "react";

interface SecretAct<A extends readonly unknown[]> {
  readonly run: (...args: A) => void;
  readonly busy: boolean;
  /** What the last attempt threw. */
  readonly error: unknown;
  readonly clear: () => void;
}

/** An act whose answer has a key in it: unlike a mutation of the query client's, it keeps no answer. */
export function useSecretAct<A extends readonly unknown[]>(
  act: (...args: A) => Promise<void>,
): SecretAct<A> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (...args: A) => {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await act(...args);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return { run: (...args) => void run(...args), busy, error, clear: () => setError(null) };
}
