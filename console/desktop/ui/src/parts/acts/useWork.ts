import { explain, type Problem } from "@suiftly/ui";
import { useState } from "react";

/** One work at a time: whether it is under way, and why it did not come to its end. */
export function useWork() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  /** What it answered; null where it failed, and the problem says why. */
  const work = async <T>(run: () => Promise<T>): Promise<T | null> => {
    setBusy(true);
    setProblem(null);
    try {
      return await run();
    } catch (error) {
      // The native side says what is wrong in a sentence of its own.
      setProblem(typeof error === "string" ? { title: error, code: "console" } : explain(error));
      return null;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, work };
}
