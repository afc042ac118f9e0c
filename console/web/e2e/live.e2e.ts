// The live page against a running Suiftly with traffic: it grows, it is exact, and it is fit to be seen.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession, type Session } from "./browser";
import { readEnvironment } from "./environment";
import { readShown } from "./recorder";
import { meet } from "./summaries";

const environment = readEnvironment();
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let session: Session;

beforeAll(async () => {
  mkdirSync(environment.shots, { recursive: true });
  session = await openSession(environment);
});

afterAll(() => session?.browser.close());

const hook = (id: string) => session.page.getByTestId(id);

async function requestsShown(): Promise<number> {
  return Number((await hook("live-requests").textContent())?.replaceAll(",", ""));
}

test("a link with the token signs in, and the token leaves the address", async () => {
  const { page } = session;
  await page.goto(`${environment.url}/#token=${encodeURIComponent(environment.token)}`);
  await hook("live-requests").waitFor();
  expect(page.url()).toBe(`${environment.url}/`);
  expect(await hook("signin").count()).toBe(0);
});

test("requests grow, and grow again", async () => {
  const first = await requestsShown();
  await expect.poll(requestsShown, { timeout: 20_000 }).toBeGreaterThan(first);
  const second = await requestsShown();
  await expect.poll(requestsShown, { timeout: 20_000 }).toBeGreaterThan(second);
});

test("page and API agree to the last request and micro-dollar at the same epoch", async () => {
  const meetings = await meet(session.page, 3, 90_000);
  expect(meetings.length).toBeGreaterThanOrEqual(3);
  for (const { shown, summary } of meetings) {
    const { counts } = summary;
    expect(shown).toMatchObject({
      requests: counts.requests,
      rated: summary.rated_micro_usd,
      classes: [
        counts.guaranteed,
        counts.burst,
        counts.rejected,
        counts.client_error,
        counts.server_error,
        counts.other,
      ],
    });
  }
});

test("at every epoch shown the six classes add up to the requests", async () => {
  const all = await readShown(session.page);
  expect(all.length).toBeGreaterThan(5);
  for (const { classes, requests } of all) {
    expect(classes.reduce((sum, count) => sum + count, 0)).toBe(requests);
  }
});

test("figures repaint at most four times a second", async () => {
  const all = await readShown(session.page);
  const seconds = ((all.at(-1)?.at ?? 0) - (all[0]?.at ?? 0)) / 1_000;
  expect(all.length - 1).toBeLessThanOrEqual(Math.ceil(seconds * 4));
});

test("the frontier is close behind now", async () => {
  const iso = await hook("complete-to").getAttribute("data-complete-to");
  expect(Date.now() - Date.parse(iso ?? "")).toBeLessThan(3_000);
  expect(await hook("complete-to").textContent()).toMatch(/^Complete to \d\d:\d\d:\d\d$/);
});

test("the chart is read with the arrow keys, every class of a minute", async () => {
  const { page } = session;
  const chart = page.getByRole("slider");
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  expect(await chart.getAttribute("aria-valuenow")).toBe("59");
  const tip = await chart.textContent();
  for (const word of ["Guaranteed", "Burst", "Rejected", "Client error", "Server error", "Other"]) {
    expect(tip).toContain(word);
  }
  expect(tip).toContain("final");
  await page.keyboard.press("Escape");
});

test("the theme is chosen, and the choice is kept", async () => {
  const { page } = session;
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByRole("button", { name: /^Theme/ }).click();
  expect(await theme()).toBe("dark");
  await page.reload();
  expect(await theme()).toBe("dark");
  await page.evaluate(() => localStorage.clear());
});

test("a reload keeps the session", async () => {
  await session.page.reload();
  await hook("live-requests").waitFor();
  expect(await hook("signin").count()).toBe(0);
});

test.each([
  ["light", "light", 1280],
  ["dark", "dark", 1280],
  ["phone", "light", 390],
  // A desktop window zoomed to 400 %.
  ["zoomed", "dark", 320],
] as const)("%s: accessible, and nothing scrolls sideways", async (name, colorScheme, width) => {
  const { page } = session;
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 1000 });
  await hook("live-requests").waitFor();
  await page.screenshot({ path: join(environment.shots, `${name}.png`), fullPage: true });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  expect(await violations()).toEqual([]);
});

/** Injected by the debugger, which the page's content security policy does not bind. */
async function violations(): Promise<string[]> {
  const { page } = session;
  await page.evaluate(readFileSync(AXE, "utf8"));
  const results = await page.evaluate(() =>
    (window as unknown as { axe: { run: () => Promise<AxeResults> } }).axe.run(),
  );
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

test("nothing was complained about", () => {
  expect(session.complaints).toEqual([]);
});
