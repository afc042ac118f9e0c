import type { Topic } from "../../app/topics";
import { type Done, useMeasured } from "./useMeasured";
import { useWork } from "./useWork";

interface Act<A, T> {
  /** Sent again it does no more: the operators' API takes acts so. */
  readonly send: (asked: A) => Promise<{ data: T }>;
  /** What it changes: read again after it. */
  readonly topics: readonly Topic[];
  /** What the toast says. */
  readonly told?: (done: Done<T>, asked: A) => string;
}

/** An act of the operator. `press` keeps a refusal to be shown beside the button; `run` throws it, as a dialog wants it. */
export function useAct<A, T>({ send, topics, told }: Act<A, T>) {
  const measured = useMeasured();
  const { busy, problem, work } = useWork();
  const run = (asked: A): Promise<Done<T>> =>
    measured({
      ask: async () => (await send(asked)).data,
      topics,
      ...(told && { told: (done: Done<T>) => ({ text: told(done, asked) }) }),
    });
  const press = (asked: A) => work(() => run(asked));
  return { run, press, busy, problem };
}
