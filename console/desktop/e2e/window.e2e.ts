// Drives the real window against the running system that `cargo xtask test` starts for it: real traffic, a real HAProxy, a
// real database. What is done in the window is held against what the API and the gateway then say.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pipeline } from "@suiftly/ui";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { APPLICATION, SHOTS } from "./environment";
import { type ConsoleWindow, type Display, openDisplay, openWindow } from "./processes";
import { Screen } from "./screen";
import { ADMIN_URL, read, TOKEN_FILE, token } from "./system";
import { until } from "./until";

let display: Display;

beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true });
  display = await openDisplay();
});
afterAll(() => display.stop());

describe("a window with its server named", () => {
  let console_: ConsoleWindow;
  let openedAt: number;

  beforeAll(async () => {
    openedAt = performance.now();
    console_ = await openWindow(APPLICATION, display, {
      SUIFTLY_URL: ADMIN_URL,
      SUIFTLY_TOKEN_FILE: TOKEN_FILE,
    });
  });
  afterAll(() => console_.close());

  test("shows the running rate", async () => {
    await until("a rate above zero", async () => (await shown(console_)).rate > 0);
    const elapsed = (performance.now() - openedAt) / 1_000;
    console.log(`the running rate was on the screen ${elapsed.toFixed(1)} s after the start`);
  });

  test("moves with the stream", async () => {
    await new Screen(console_.page).go("/lines");
    await until("the lines", async () => (await shown(console_)).received > 0);
    const first = await shown(console_);
    await until("figures that moved", async () => {
      const next = await shown(console_);
      return next.epoch > first.epoch && next.received > first.received;
    });
  });

  test("shows the API's own counts and loss", async () => {
    await new Screen(console_.page).go("/lines");
    // Looked at again until the API says the same loss before and after the screen was read.
    const compare = async () => {
      const before = await pipeline();
      const screen = await until("the screen to catch up with the API", async () => {
        const now = await shown(console_);
        return now.epoch >= before.epoch && now.received >= before.lines.received && now;
      });
      const after = await pipeline();
      expect(screen.received).toBeLessThanOrEqual(after.lines.received);
      expect(screen.workers).toBe(after.loss.workers.length);
      expect(after.loss.missing).toBe(before.loss.missing);
      const [low, high] = [before.loss.ppm, after.loss.ppm].sort((a, b) => a - b);
      expect(screen.lossPpm).toBeGreaterThanOrEqual(low ?? 0);
      expect(screen.lossPpm).toBeLessThanOrEqual(high ?? 0);
    };
    await vi.waitFor(compare, { timeout: 60_000 });
  });

  test("says that it is exact only if nothing is missing", async () => {
    await until("a word that fits the API's loss", async () => {
      const before = await pipeline();
      const { word } = await shown(console_);
      const after = await pipeline();
      const exact = (state: Pipeline) => state.loss.missing === 0 && state.lines.conflicts === 0;
      return exact(before) === exact(after) && exact(after) === (word === "Exact");
    });
  });

  test("holds the screen on Space, and lets it go", async () => {
    await console_.page.press(" ");
    await until("the word that it is held", async () => (await shown(console_)).held);
    const held = await shown(console_);
    await until("the server to go on", async () => (await pipeline()).epoch > held.epoch + 1);
    expect((await shown(console_)).epoch).toBe(held.epoch);
    await console_.page.press(" ");
    await until("figures that move again", async () => (await shown(console_)).epoch > held.epoch);
  });

  test("lists its keys", async () => {
    await console_.page.press("?");
    const open = () => console_.page.run(() => document.querySelector("dialog[open]") !== null);
    await until("the list", open);
    await console_.page.press("\uE00C");
    await until("the list gone", async () => !(await open()));
  });

  test("is dark and light", async () => {
    const first = await ground(console_);
    await console_.page.press("t");
    const second = await until("the other ground", async () => {
      const now = await ground(console_);
      return now.colour !== first.colour && now;
    });
    expect([first.theme, second.theme].sort()).toEqual(["dark", "light"]);
  });

  test("keeps the token, and everything but its own commands, from the page", async () => {
    const page = await console_.page.run(() => document.documentElement.outerHTML);
    expect(page).not.toContain(token);
    const refused = await console_.page.run(async () => {
      const tauri = Reflect.get(window, "__TAURI_INTERNALS__") as {
        invoke: (command: string, args?: object) => Promise<unknown>;
      };
      try {
        await tauri.invoke("plugin:window|title", { label: "console" });
        return "allowed";
      } catch (error) {
        return String(error);
      }
    });
    expect(refused).toContain("not allowed");
    const fetched = await console_.page.run(async (url) => {
      try {
        await fetch(url);
        return true;
      } catch {
        return false;
      }
    }, `${ADMIN_URL}/health`);
    expect(fetched, "the page itself reaches no network").toBe(false);
    expect(await holding(console_.home, token), "files that hold the token").toEqual([]);
  });
});

describe("a window without a token", () => {
  let console_: ConsoleWindow;

  beforeAll(async () => {
    console_ = await openWindow(APPLICATION, display, {});
  });
  afterAll(() => console_.close());

  test("asks for one, says when it is refused, and connects with the right one", async () => {
    const form = "[data-testid=connect-form]";
    const { page } = console_;
    await until("the form", () => page.run((at) => document.querySelector(at) !== null, form));
    await page.screenshot(join(SHOTS, "connect.png"));
    // The page repaints while one types: the field that is typed into keeps the focus.
    await page.click(`${form} [name=address]`);
    const clock = () => page.run(() => document.querySelector(".title-clock")?.textContent);
    const before = await clock();
    await until("a repaint", async () => (await clock()) !== before);
    expect(await page.run(() => document.activeElement?.getAttribute("name"))).toBe("address");

    await page.type(`${form} [name=address]`, ADMIN_URL);
    await page.type(`${form} [name=token]`, "not-the-token");
    await page.click(`${form} [type=submit]`);
    await until("the refusal", () =>
      page.run(() => document.querySelector(".field-error") !== null),
    );
    await page.screenshot(join(SHOTS, "refused.png"));

    await page.type(`${form} [name=token]`, token);
    await page.click(`${form} [type=submit]`);
    await until("a rate above zero", async () => (await shown(console_)).rate > 0);
  });
});

const pipeline = () => read<Pipeline>("/pipeline");

/** The files under a folder that hold a text. */
async function holding(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(paths.map(async (path) => (await readFile(path)).includes(text)));
  return paths.filter((_, index) => found[index]);
}

/** What stands on the screen, read at one moment. A figure that is not there is NaN. */
function shown({ page }: ConsoleWindow) {
  return page.run(() => {
    const find = (hook: string) => document.querySelector<HTMLElement>(`[data-testid="${hook}"]`);
    const figure = (hook: string) => Number(find(hook)?.dataset.value);
    return {
      word: find("condition")?.querySelector(".status")?.textContent,
      rate: figure("trust-ingest"),
      lossPpm: figure("trust-loss"),
      received: figure("fate-received"),
      epoch: figure("epoch"),
      workers: document.querySelectorAll('[data-testid="worker"]').length,
      held: find("held-marker") !== null,
    };
  });
}

function ground({ page }: ConsoleWindow) {
  return page.run(() => {
    const colour = getComputedStyle(document.body).backgroundColor;
    const red = Number(/\d+/.exec(colour)?.[0]);
    return { colour, theme: red > 127 ? "light" : "dark" };
  });
}
