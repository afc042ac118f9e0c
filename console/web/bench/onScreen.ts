// From a request through HAProxy to its number on screen: sent here, seen there, by the clock of the machine that both run on.
import type { Page } from "playwright-core";

const WAIT_MS = 10_000;

declare global {
  interface Window {
    /** When the month's requests on screen first were so many, in ms since 1970. */
    shownAt: Record<number, number>;
  }
}

/** Runs in the page, before its own code. */
export function recordCounts() {
  window.shownAt = {};
  const look = () => {
    const text = document.querySelector('[data-testid="live-requests"]')?.textContent;
    if (text === null || text === undefined) return;
    const count = Number(text.replaceAll(/\D/g, ""));
    window.shownAt[count] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
  });
}

/** Sends one request, and waits until the page counts it. */
export async function untilShown(page: Page, door: string, key: string): Promise<number> {
  const before = await count(page);
  const sent = performance.timeOrigin + performance.now();
  const response = await fetch(`${door}/v1/fetch_key`, { headers: { "x-api-key": key } });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`the gateway answered ${response.status}`);
  const next = before + 1;
  await page.waitForFunction((wanted) => window.shownAt[wanted] !== undefined, next, {
    timeout: WAIT_MS,
  });
  const shown = await page.evaluate((wanted) => window.shownAt[wanted], next);
  if (shown === undefined) throw new Error(`the page does not show ${next} requests`);
  return shown - sent;
}

async function count(page: Page): Promise<number> {
  const text = await page.getByTestId("live-requests").textContent();
  return Number(text?.replaceAll(/\D/g, ""));
}
