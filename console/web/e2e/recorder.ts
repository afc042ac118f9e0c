// Writes down, inside the page, what it shows at each epoch, so that it can be held against the API.
import type { Page } from "playwright-core";

export interface Shown {
  readonly epoch: number;
  /** Milliseconds on the page's own clock. */
  readonly at: number;
  readonly requests: number;
  readonly rated: number;
  readonly classes: readonly number[];
}

/** Runs in the page, before its own code. React changes the figures of a repaint all at once. */
export function recordInPage() {
  const shown: unknown[] = [];
  Object.assign(window, { shown });
  const byHook = (hook: string) => document.querySelector<HTMLElement>(`[data-testid="${hook}"]`);
  const whole = (text: string | null | undefined) => Number((text ?? "").replaceAll(",", ""));
  const record = () => {
    const live = byHook("live-requests");
    if (live === null) return;
    shown.push({
      epoch: Number(live.dataset.epoch),
      at: performance.now(),
      requests: whole(live.textContent),
      rated: Number(byHook("rated")?.dataset.microUsd),
      classes: [
        "class-guaranteed",
        "class-burst",
        "class-rejected",
        "class-client_error",
        "class-server_error",
        "class-other",
      ].map((hook) => whole(byHook(hook)?.textContent)),
    });
  };
  new MutationObserver(record).observe(document, {
    subtree: true,
    childList: true,
    attributeFilter: ["data-epoch"],
  });
}

/** What the page has shown so far, once for each repaint that changed the epoch. */
export async function readShown(page: Page): Promise<Shown[]> {
  const all = await page.evaluate(() => (window as unknown as { shown: Shown[] }).shown);
  return all.filter(({ epoch }, i) => epoch !== all[i - 1]?.epoch);
}
