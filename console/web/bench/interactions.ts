// How long the page takes from an act to the next paint, by the browser's own Event Timing (as INP is).
import type { Page } from "playwright-core";

/** What the browser does not tell of took less than this: a frame. */
export const LEAST_MS = 16;
/** After an act the browser tells of it in its own time. */
const TOLD_MS = 400;

declare global {
  interface Window {
    acts: { id: number; ms: number }[];
  }
}

interface Interaction extends PerformanceEntry {
  readonly interactionId: number;
}

/** Runs in the page, before its own code. */
export function recordActs() {
  window.acts = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as Interaction[]) {
      if (entry.interactionId > 0)
        window.acts.push({ id: entry.interactionId, ms: entry.duration });
    }
  });
  const options = { type: "event", durationThreshold: 16 };
  observer.observe(options as PerformanceObserverInit);
}

/** Acts once; the longest event of it counts. */
export async function measure(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    window.acts.length = 0;
  });
  await act();
  await page.waitForTimeout(TOLD_MS);
  const acts = await page.evaluate(() => window.acts);
  return Math.max(LEAST_MS, ...acts.map(({ ms }) => ms));
}
