// Each page, in each view, beside the picture of it that people looked at. `UPDATE_PICTURES=1` takes them anew.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { violations } from "../e2e/axe";
import { readRecording } from "./answers";
import { openBrowser, openPage, picture, visit } from "./browser";
import { compare, halve } from "./compare";
import { PAGES, VIEWS } from "./pages";
import { proofAnswers } from "./proof";
import { type Fixture, serve } from "./server";

const BASELINES = join(import.meta.dirname, "baselines");
/** What differs, and the whole pictures, go here. */
const SHOTS = process.env.SUIFTLY_SHOTS ?? join(import.meta.dirname, "shots");
const UPDATE = process.env.UPDATE_PICTURES === "1";
const recording = readRecording();
let fixture: Fixture;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(BASELINES, { recursive: true });
  mkdirSync(SHOTS, { recursive: true });
  fixture = await serve({ ...recording, answers: { ...recording.answers, ...proofAnswers() } });
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  fixture?.close();
});

describe.each(VIEWS)("$name", (view) => {
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    page = await openPage(browser, view, recording.now);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // The browser's own word on the refusals that this recording has.
      const refused = message.text().includes("Failed to load resource");
      if (message.type() === "error" && !refused) complaints.push(message.text());
    });
  });

  test.each(PAGES)("$name", async (of) => {
    fixture.unknown.clear();
    complaints.length = 0;
    await visit(page, fixture.url, of, recording.invoice);
    const taken = await picture(page);
    const name = `${of.name}-${view.name}.png`;
    writeFileSync(join(SHOTS, name), taken);
    expect([...fixture.unknown], "asked for, and not in the recording").toEqual([]);
    expect(complaints).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(view.width);
    expect(await violations(page)).toEqual([]);
    hold(name, halve(taken));
  });
});

function hold(name: string, taken: Buffer) {
  const baseline = join(BASELINES, name);
  if (UPDATE) return writeFileSync(baseline, taken);
  expect(existsSync(baseline), `${name} has no baseline`).toBe(true);
  const { same, why, difference } = compare(taken, readFileSync(baseline));
  if (!same && difference)
    writeFileSync(join(SHOTS, name.replace(".png", ".diff.png")), difference);
  expect(same, `${name}: ${why}`).toBe(true);
}
