// First loads, each in a browser context of its own: nothing is cached.
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export interface Load {
  readonly firstPaint: number;
  readonly largestPaint: number;
}

type Cookies = BrowserContextOptions["storageState"];

/** After what is waited for is there, larger things may still be painted. */
const SETTLED_MS = 1_500;
const VIEWPORT = { width: 1280, height: 1000 };

declare global {
  interface Window {
    paints: { first: number; largest: number };
  }
}

/** Runs in the page, before its own code. */
function recordPaints() {
  window.paints = { first: 0, largest: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByName("first-contentful-paint"))
      window.paints.first = entry.startTime;
  }).observe({ type: "paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.paints.largest = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
}

export async function load(
  browser: Browser,
  url: string,
  storageState: Cookies,
  shown: (page: Page) => Promise<void>,
): Promise<Load> {
  const context = await browser.newContext({
    viewport: VIEWPORT,
    ...(storageState && { storageState }),
  });
  try {
    const page = await context.newPage();
    await page.addInitScript(recordPaints);
    await page.goto(url);
    await shown(page);
    await page.waitForTimeout(SETTLED_MS);
    const { first, largest } = await page.evaluate(() => window.paints);
    if (first === 0 || largest === 0) throw new Error(`${url}: the browser told of no paint`);
    return { firstPaint: first, largestPaint: largest };
  } finally {
    await context.close();
  }
}
