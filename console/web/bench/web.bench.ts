// How fast the dashboard is, against a running Suiftly with traffic. `cargo xtask bench web` runs it.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askUntil } from "../../testing/gateway";
import { signInByLink } from "../e2e/account";
import { launch } from "../e2e/browser";
import { quietCustomer } from "./customer";
import { readBench } from "./environment";
import { measure, recordActs } from "./interactions";
import { load } from "./loads";
import { recordCounts, untilShown } from "./onScreen";
import { replay } from "./replay";
import { machine, quantiles, type Row, row, table, write } from "./rows";
import { longestTask } from "./tasks";

const bench = readBench();
const LOADS = bench.isSmoke ? 2 : 11;
const ACTS = bench.isSmoke ? 2 : 11;
const REQUESTS = bench.isSmoke ? 5 : 100;
const UPDATES_PER_SECOND = 60;
const UPDATES_MS = bench.isSmoke ? 3_000 : 20_000;
/** Requests come at any moment between two repaints. */
const APART_MS = [300, 900] as const;

const rows: Row[] = [];
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  browser = await launch(bench.chromium);
  context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const page = await context.newPage();
  await signInByLink(page, bench.url, bench.wallet);
  await page.close();
});

afterAll(async () => {
  await browser?.close();
  if (rows.length === 0) return;
  write(bench.out, rows);
  console.log(`${machine(browser.version())}\n${table(rows)}\nwritten to ${bench.out}`);
});

const repeat = async <T>(times: number, act: (number: number) => Promise<T>): Promise<T[]> => {
  const results: T[] = [];
  for (let number = 0; number < times; number += 1) results.push(await act(number));
  return results;
};

const overviewIsShown = (page: Page) => page.getByTestId("live-requests").waitFor();

test("loads of the signed-in Overview, nothing cached", async () => {
  const cookies = await context.storageState();
  const loads = await repeat(LOADS, () => load(browser, bench.url, cookies, overviewIsShown));
  rows.push(
    row(
      "Overview, first contentful paint",
      loads.map(({ firstPaint }) => firstPaint),
    ),
  );
  rows.push(
    row(
      "Overview, largest contentful paint (aim: 1000)",
      loads.map(({ largestPaint }) => largestPaint),
    ),
  );
});

test("loads of sign-in, nothing cached", async () => {
  const shown = (page: Page) => page.getByRole("heading", { level: 1, name: /^Sign in/ }).waitFor();
  const loads = await repeat(LOADS, () => load(browser, bench.url, undefined, shown));
  rows.push(
    row(
      "sign-in, first contentful paint",
      loads.map(({ firstPaint }) => firstPaint),
    ),
  );
  rows.push(
    row(
      "sign-in, largest contentful paint (aim: 1000)",
      loads.map(({ largestPaint }) => largestPaint),
    ),
  );
});

async function open(path: string, record: () => void = recordActs): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(record);
  await page.goto(`${bench.url}${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

function acted(name: string, runs: readonly number[]) {
  rows.push(row(`${name}, act to paint (aim: 100)`, runs));
}

test("going to another page", async () => {
  const page = await open("/");
  const main = page.getByRole("navigation", { name: "Main" });
  const pages = ["Usage", "API keys", "Billing", "Activity", "Settings", "Overview"];
  const runs = await repeat(ACTS, (number) =>
    measure(page, async () => {
      const name = pages[number % pages.length] ?? "Overview";
      await main.getByRole("link", { name: new RegExp(`^${name}`) }).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
    }),
  );
  acted("going to another page", runs);
  await page.close();
});

test("opening a dialog", async () => {
  const page = await open("/billing");
  const opener = page.getByRole("button", { name: /^Withdraw/ }).first();
  const runs = await repeat(ACTS, async () => {
    const took = await measure(page, async () => {
      await opener.click();
      await page.getByRole("dialog").waitFor();
    });
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    return took;
  });
  acted("opening a dialog", runs);
  await page.close();
});

test("switching the usage range", async () => {
  const page = await open("/usage");
  const ranges = page.getByRole("radiogroup", { name: /range/i }).locator("label");
  await ranges.first().waitFor();
  const runs = await repeat(ACTS, (number) =>
    measure(page, () => ranges.nth(number % 2 === 0 ? 1 : 0).click()),
  );
  acted("switching the usage range", runs);
  await page.close();
});

test("the main thread while figures come 60 times a second", async () => {
  const player = await replay(bench.url, UPDATES_PER_SECOND);
  try {
    const page = await context.newPage();
    await page.goto(player.url);
    await overviewIsShown(page);
    let perSecond = 0;
    const longest = await longestTask(browser, page, async () => {
      const [sent, began] = [player.sent(), performance.now()];
      await page.waitForTimeout(UPDATES_MS);
      perSecond = ((player.sent() - sent) * 1_000) / (performance.now() - began);
    });
    expect(perSecond).toBeGreaterThan(UPDATES_PER_SECOND * 0.8);
    rows.push(row("longest main-thread task, 60 updates a second", [longest]));
    rows.push(row("updates played", [perSecond], "a second"));
    await page.close();
  } finally {
    player.close();
  }
});

test("a request's number on screen", async () => {
  const quiet = await quietCustomer(bench.url);
  const own = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
  const page = await own.newPage();
  await page.addInitScript(recordCounts);
  await askUntil(`${bench.door}/v1/fetch_key`, quiet.key, [200]);
  await signInByLink(page, bench.url, quiet.wallet);
  await overviewIsShown(page);
  // What was asked until the key was known is counted by then.
  await page.waitForTimeout(2_000);
  const [least, most] = APART_MS;
  const took = await repeat(REQUESTS, async () => {
    await page.waitForTimeout(least + Math.random() * (most - least));
    return untilShown(page, bench.door, quiet.key);
  });
  rows.push(...quantiles("a request through HAProxy to its number on screen (aim: 1000)", took));
  await own.close();
});
