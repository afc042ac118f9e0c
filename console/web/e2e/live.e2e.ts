// The live page against a running Suiftly with traffic: it grows, it is exact, and it is fit to be seen.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { violations } from "./axe";
import { openSession, type Session } from "./browser";
import { readEnvironment } from "./environment";
import { readShown } from "./recorder";
import { meet } from "./summaries";

const environment = readEnvironment();
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

test("a link with a mock wallet signs in, and the wallet leaves the address", async () => {
  const { page } = session;
  await page.goto(`${environment.url}/#wallet=${environment.wallet}`);
  await hook("live-requests").waitFor();
  expect(page.url()).toBe(`${environment.url}/`);
  expect(await hook("signin").count()).toBe(0);
});

test("requests grow, and grow again", async () => {
  const first = await requestsShown();
  await expect.poll(requestsShown, { timeout: 45_000 }).toBeGreaterThan(first);
  const second = await requestsShown();
  await expect.poll(requestsShown, { timeout: 45_000 }).toBeGreaterThan(second);
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
  // The minute that has just ended is final a moment later.
  await expect.poll(() => chart.textContent(), { timeout: 45_000 }).toContain("final");
  const tip = await chart.textContent();
  for (const word of ["Guaranteed", "Burst", "Rejected", "Client error", "Server error", "Other"]) {
    expect(tip).toContain(word);
  }
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

test("a session that ran out is renewed unseen", async () => {
  const { page } = session;
  await page.context().clearCookies({ name: "suiftly_access" });
  await page.reload();
  await hook("live-requests").waitFor();
  expect(await hook("signin").count()).toBe(0);
  // What the browser itself says of the refusal that led to it.
  const refused = session.complaints.filter((text) => text.includes("401"));
  expect(refused.length).toBeGreaterThan(0);
  session.complaints.length = 0;
});

test.each([
  ["light", "light", 1280],
  ["dark", "dark", 1280],
  ["phone", "light", 390],
  // A desktop window zoomed to 400 %.
  ["zoomed", "dark", 320],
] as const)("%s: accessible, and nothing scrolls sideways", async (name, colorScheme, width) => {
  await hook("live-requests").waitFor();
  await look(name, colorScheme, width);
});

async function look(name: string, colorScheme: "light" | "dark", width: number) {
  const { page } = session;
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 1000 });
  // The documents are long: the first screens tell what they look like.
  const fullPage = !name.startsWith("docs");
  await page.screenshot({ path: join(environment.shots, `${name}.png`), fullPage });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  expect(await violations(page, LOOKED_AT)).toEqual([]);
}

/** Of a hundred operations that look alike, the first three of each group. */
const LOOKED_AT = { exclude: [".docs-operation:nth-of-type(n+4)"] };

test("nothing was complained about", () => {
  expect(session.complaints).toEqual([]);
});

test("whoever signs out is asked to sign in, and sees what they would sign", async () => {
  const { page } = session;
  await page.setViewportSize({ width: 1280, height: 1000 });
  await hook("wallet").click();
  await hook("sign-out").click();
  await hook("signin").waitFor();
  await page.getByText("Any address").click();
  await page.getByLabel("Address").fill("0x12");
  await page.getByRole("button", { name: /^Show/ }).click();
  await page.getByText("no_address").waitFor();
  await page.getByLabel("Address").fill(environment.wallet);
  await page.getByRole("button", { name: /^Show/ }).click();
  expect(await hook("message").textContent()).toContain(`Address: ${environment.wallet}`);
});

test.each([
  ["signin-light", "light", 1280],
  ["signin-dark", "dark", 1280],
  ["signin-phone", "light", 390],
] as const)("%s: accessible, and nothing scrolls sideways", async (name, colorScheme, width) => {
  await look(name, colorScheme, width);
});

test("signs in with the form", async () => {
  await session.page.getByRole("button", { name: /^Sign it/ }).click();
  await hook("live-requests").waitFor();
});

test("the API is described, and each operation has its place", async () => {
  const { page } = session;
  session.complaints.length = 0;
  await page.goto(`${environment.url}/api/docs#live_usage`);
  await page.getByRole("heading", { name: /the API$/ }).waitFor();
  const title = page.locator("#live_usage h3");
  await expect.poll(() => title.evaluate((at) => at.getBoundingClientRect().top)).toBeLessThan(600);
  await page.keyboard.press("/");
  await page.keyboard.type("auth config");
  const found = page.getByRole("navigation").getByRole("link");
  await expect.poll(() => found.count()).toBe(1);
  await page.getByRole("searchbox").fill("");
});

test.each([
  ["docs-light", "light", 1280],
  ["docs-dark", "dark", 1280],
  ["docs-phone", "light", 390],
] as const)("%s: accessible, and nothing scrolls sideways", async (name, colorScheme, width) => {
  await look(name, colorScheme, width);
  expect(session.complaints).toEqual([]);
});
