// Every view, in both themes: whole, without an error, within its window; pictures are kept to be looked at.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { APPLICATION, SHOTS } from "./environment";
import { type ConsoleWindow, type Display, openDisplay, openWindow } from "./processes";
import { Screen } from "./screen";
import { ADMIN_URL, demoCustomers, TOKEN_FILE } from "./system";
import { until } from "./until";

const customer = demoCustomers()[0]?.customer_id;

const VIEWS: readonly (readonly [string, string])[] = [
  ["overview", "/"],
  ["drill", "/drill"],
  ["tail", "/tail"],
  ["fleet", "/fleet"],
  ["customers", "/customers"],
  ["customer", `/customers/${customer}`],
  ["billing", "/billing"],
  ["prices", "/prices"],
  ["quarantine", "/quarantine"],
  ["jobs", "/jobs"],
  ["notifications", "/notifications?state=all"],
  ["incidents", "/incidents"],
  ["logs", "/logs"],
  ["lines", "/lines"],
  ["settings", "/settings"],
];

const LINE = "[data-testid=tail-row]";

let display: Display;
let console_: ConsoleWindow;
let screen: Screen;

beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true });
  display = await openDisplay();
  console_ = await openWindow(APPLICATION, display, {
    SUIFTLY_URL: ADMIN_URL,
    SUIFTLY_TOKEN_FILE: TOKEN_FILE,
  });
  screen = new Screen(console_.page);
  await screen.comesAlive();
});

afterAll(async () => {
  await console_?.close();
  await display?.stop();
});

describe.each(["dark", "light"])("in %s", (theme) => {
  beforeAll(async () => {
    const current = () =>
      console_.page.run(() => {
        const [red = 0] = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(
          Number,
        );
        return red > 127 ? "light" : "dark";
      });
    if ((await current()) !== theme) await console_.page.press("t");
    await until(`the theme ${theme}`, async () => (await current()) === theme);
  });

  test.each(VIEWS)("%s", async (name, place) => {
    await screen.go(place);
    await until("its data", () =>
      console_.page.run(
        () =>
          document.querySelector("main") !== null &&
          document.querySelector("main .skeleton, main .skeleton-rows") === null,
      ),
    );
    if (name === "tail") await until("lines", async () => (await screen.texts(LINE)).length > 20);
    await screen.isWhole();
    await console_.page.screenshot(join(SHOTS, `${name}-${theme}.png`));
  });
});
