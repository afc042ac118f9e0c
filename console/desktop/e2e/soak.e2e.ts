// A day's work in a minute: what the window holds stays what it is, and it answers while lines pour in.
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APPLICATION, SHOTS } from "./environment";
import { type Firehose, openFirehose } from "./firehose";
import { memoryOf } from "./memory";
import { type ConsoleWindow, type Display, openDisplay, openWindow } from "./processes";
import { until } from "./until";

const HOUR_S = 3_600;
const HOURS = 8;
/**
 * What is bounded fills in the first hour, which is therefore none of those compared: in the mean, how much more the last three
 * hours may hold than the three after it, for the web view's heap breathes. Of a steady leak that is 13.6 MiB an hour.
 */
const MORE_BYTES_MAX = 54 << 20;
const FILLS_HOURS = 1;
const MEAN_HOURS = 3;
/** At no time more than this: what the first hour fills has a bound, too. */
const HELD_BYTES_MAX = 1 << 30;
/** Until what is kept of a tail is full, and how long it is looked at then. */
const WARM_MS = 10_000;
const LOOK_MS = 15_000;
const MIB = 1 << 20;

let display: Display;
let firehose: Firehose;
let console_: ConsoleWindow;

beforeAll(async () => {
  display = await openDisplay();
  firehose = await openFirehose(HOURS * HOUR_S);
  await mkdir(SHOTS, { recursive: true });
  const tokenFile = join(SHOTS, "firehose-token");
  await writeFile(tokenFile, "firehose", { mode: 0o600 });
  console_ = await openWindow(APPLICATION, display, {
    SUIFTLY_URL: firehose.url,
    SUIFTLY_TOKEN_FILE: tokenFile,
  });
});

afterAll(async () => {
  await console_?.close();
  await firehose?.close();
  await display?.stop();
});

const held = () => memoryOf(basename(APPLICATION));
const mean = (samples: number[]) =>
  samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
const mib = (bytes: number) => (bytes / MIB).toFixed(0);

describe("a window on a server that never rests", () => {
  test("holds no more after eight hours' events than after the first ones", async () => {
    const samples: number[] = [];
    for (let hour = 1; hour <= HOURS; hour += 1) {
      await until(`hour ${hour}`, async () => firehose.told() >= hour * HOUR_S, 180_000);
      samples.push(await held());
    }
    console.log(`memory after each hour's events, MiB: ${samples.map(mib).join(", ")}`);
    expect(Math.min(...samples)).toBeGreaterThan(MIB);
    expect(Math.max(...samples)).toBeLessThan(HELD_BYTES_MAX);
    const first = samples.slice(FILLS_HOURS, FILLS_HOURS + MEAN_HOURS);
    expect(mean(samples.slice(-MEAN_HOURS)) - mean(first)).toBeLessThan(MORE_BYTES_MAX);
    // It has kept up: the screen shows the last of them, or is a pull behind.
    const epoch = () =>
      console_.page.run(() =>
        Number(document.querySelector<HTMLElement>("[data-testid=epoch]")?.dataset.value),
      );
    await until("the last hour on the screen", async () => (await epoch()) >= HOURS * HOUR_S * 10);
  });

  test("answers while 10,000 lines a second come in, and says what it leaves out", async () => {
    await console_.page.run(() => {
      location.hash = "#/tail";
    });
    const lines = () =>
      console_.page.run(() => document.querySelectorAll("[data-testid=tail-row]").length);
    await until("lines on the screen", async () => (await lines()) > 10);
    const warming = performance.now();
    while (performance.now() - warming < WARM_MS) await answerMs();
    const before = { held: await held(), tailed: firehose.tailed() };
    const answers: number[] = [];
    const begun = performance.now();
    while (performance.now() - begun < LOOK_MS) answers.push(await answerMs());
    const rate = (firehose.tailed() - before.tailed) / ((performance.now() - begun) / 1_000);
    const worst = Math.max(...answers);
    console.log(
      `the tail at ${rate.toFixed(0)} lines/s: ${answers.length} answers, the slowest after ${worst.toFixed(0)} ms; ` +
        `${mib(before.held)} MiB before, ${mib(await held())} after`,
    );
    expect(rate).toBeGreaterThan(5_000);
    expect((await held()) - before.held).toBeLessThan(MORE_BYTES_MAX);
    // What was sent was shown, or is said to have gone by.
    const sent = firehose.tailed();
    const told = await console_.page.run(() => {
      const rates = document.querySelector<HTMLElement>("[data-testid=tail-rates]");
      const went = /([\d,]+) went by/.exec(rates?.textContent ?? "")?.[1] ?? "0";
      return Number(rates?.dataset.value) + Number(went.replaceAll(",", ""));
    });
    expect(told).toBeGreaterThan(sent * 0.9);
  });
});

/** How long a press on T takes to change the ground, as the page itself sees it. */
function answerMs(): Promise<number> {
  return console_.page.run(
    () =>
      new Promise<number>((resolve) => {
        const begun = performance.now();
        const ground = () => getComputedStyle(document.body).backgroundColor;
        const first = ground();
        setTimeout(() => {
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "t", bubbles: true }));
          const look = () => {
            if (ground() !== first) resolve(performance.now() - begun);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        }, 0);
      }),
  );
}
