// An account of a test's own, and what its page's session may ask.
import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** A wallet that nobody has used. */
export function newWallet(): string {
  return `0x${randomBytes(32).toString("hex")}`;
}

/** Signs in by the link of development, as a new account where the wallet is new. */
export async function signInByLink(page: Page, url: string, wallet: string) {
  await page.goto(`${url}/#wallet=${wallet}`);
  await page.getByTestId("wallet").waitFor();
}

/** What the API answers to the page, with its cookies. */
export async function read<T>(page: Page, path: string): Promise<T> {
  return page.evaluate(async (at) => {
    const response = await fetch(`/api/v1${at}`);
    if (!response.ok) throw new Error(`${at}: ${response.status}`);
    return response.json();
  }, path);
}

/** The status that the API answers to the page. */
export async function readStatus(page: Page, path: string): Promise<number> {
  return page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).status, path);
}

/** Asks until it holds: the API's own view of what the page has done. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  timeout = 45_000,
) {
  await expect.poll(async () => holds(await ask()), { timeout, interval: 50 }).toBe(true);
}
