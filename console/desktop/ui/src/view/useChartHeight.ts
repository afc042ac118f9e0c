import { useSyncExternalStore } from "react";

/** What the bars, the heads and a few rows of workers need of the window's height. */
const REST = 390;
/** Higher columns say no more. */
const MOST = 620;

/** The height of the chart's drawing: a higher window gives its room to the chart, not to a gap. */
export function useChartHeight(): number {
  const height = useSyncExternalStore(subscribe, () => window.innerHeight);
  return Math.min(MOST, height - REST);
}

function subscribe(listener: () => void): () => void {
  addEventListener("resize", listener);
  return () => removeEventListener("resize", listener);
}
