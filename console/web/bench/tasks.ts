// The main thread's tasks, by the browser's own trace.
import type { Browser, Page } from "playwright-core";

const CATEGORIES = ["disabled-by-default-devtools.timeline", "toplevel"];

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly name?: string };
}

/** The longest of each renderer's main thread while `during` goes on, in ms. */
export async function longestTask(
  browser: Browser,
  page: Page,
  during: () => Promise<void>,
): Promise<number> {
  await browser.startTracing(page, { categories: CATEGORIES });
  await during();
  const trace = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const isMain = ({ name, args }: TraceEvent) =>
    name === "thread_name" && args?.name === "CrRendererMain";
  const thread = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
  const mains = new Set(trace.traceEvents.filter(isMain).map(thread));
  const tasks = trace.traceEvents.filter(
    (event) => event.name === "RunTask" && mains.has(thread(event)),
  );
  if (tasks.length === 0) throw new Error("the trace has no tasks of a page's main thread");
  return tasks.reduce((longest, { dur = 0 }) => Math.max(longest, dur), 0) / 1_000;
}
