// An act of the operator, measured from the press to the answer.
import { useToast } from "@suiftly/ui";
import { useQueryClient } from "@tanstack/react-query";
import type { Topic } from "../../app/topics";

type Toast = Parameters<ReturnType<typeof useToast>>[0];

export interface Done<T> {
  readonly data: T;
  readonly tookMs: number;
}

interface Measured<T> {
  readonly ask: () => Promise<T>;
  /** What it changes: read again after it. */
  readonly topics: readonly Topic[] | "all";
  readonly told?: (done: Done<T>) => Toast;
}

/** Does an act, tells what came of it, and has what it changed read again. Throws what it is refused with. */
export function useMeasured(): <T>(act: Measured<T>) => Promise<Done<T>> {
  const queries = useQueryClient();
  const toast = useToast();
  return async ({ ask, topics, told }) => {
    const began = performance.now();
    try {
      const data = await ask();
      const done = { data, tookMs: performance.now() - began };
      if (told) toast(told(done));
      return done;
    } finally {
      // After a failure too: nobody knows how far it came.
      if (topics === "all") void queries.invalidateQueries();
      else for (const topic of topics) void queries.invalidateQueries({ queryKey: [topic] });
    }
  };
}
