// The browser that pictures are taken with: a clock that stands still, and nothing that moves.
import type { Browser, Page } from "playwright-core";
import { launch } from "../e2e/browser";
import type { PictureOf, View } from "./pages";
import { OUTSIDE } from "./server";

const HEIGHT = 900;
/** The palette and the tallest lists end somewhere. */
const MAX_HEIGHT = 4_000;

export function openBrowser(): Promise<Browser> {
  return launch();
}

/** A page with this look, at this time. */
export async function openPage(browser: Browser, view: View, now: number): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: view.width, height: HEIGHT },
    colorScheme: view.colorScheme,
    reducedMotion: "reduce",
    timezoneId: "UTC",
    locale: "en-US",
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(now);
  return page;
}

export async function visit(page: Page, url: string, of: PictureOf, invoice: string) {
  const { path, outside, keys, opens } = of;
  const value = outside ? "1" : "0";
  await page.context().addCookies([{ name: OUTSIDE.split("=")[0] ?? "", value, url }]);
  await page.goto(`${url}${path.replace("{invoice}", invoice)}`);
  await page.locator("main:not([aria-busy='true'])").first().waitFor();
  await page.waitForLoadState("networkidle").catch(() => undefined);
  await page.evaluate(() => document.fonts.ready);
  await settle(page);
  await page.evaluate(hideVersions);
  if (keys) {
    await page.keyboard.press(keys);
    await settle(page);
  }
  if (opens) {
    // By the keyboard: a pointer would stay where it was, over the next page.
    await page.getByRole("button", { name: opens, exact: true }).first().press("Enter");
    await page.getByRole("dialog").waitFor();
    await settle(page);
  }
}

/** What names this build and this browser is another each time. */
function hideVersions() {
  for (const facts of document.querySelectorAll("pre")) {
    if (/^Browser:/m.test(facts.textContent ?? "")) facts.style.visibility = "hidden";
  }
}

/** Until what is loaded is drawn: no still shape is left, and two looks see the same. */
async function settle(page: Page) {
  let before = "";
  for (let look = 0; look < 40; look += 1) {
    await page.waitForTimeout(100);
    const now = await page.evaluate(() =>
      document.querySelector(".skeleton") ? "" : document.body.innerHTML,
    );
    if (now !== "" && now === before) return;
    before = now;
  }
}

export async function picture(page: Page): Promise<Buffer> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const width = page.viewportSize()?.width ?? 0;
  // A viewport as high as the page, so that what sticks to its edges stands where it does in the end.
  await page.setViewportSize({ width, height: Math.min(Math.max(height, HEIGHT), MAX_HEIGHT) });
  await page.waitForTimeout(50);
  const taken = await page.screenshot({ animations: "disabled", caret: "hide" });
  await page.setViewportSize({ width, height: HEIGHT });
  return taken;
}
