// What the rules of accessibility are against in a page as it is.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Which parts are looked at, as axe has it. */
interface Where {
  readonly exclude: readonly string[];
}

/**
 * A line for each element that breaks a rule. Injected by the debugger, which the page's content security policy does
 * not bind.
 */
export async function violations(page: Page, where?: Where): Promise<string[]> {
  await page.evaluate(waitForMotion);
  await page.evaluate(AXE);
  const results = await page.evaluate(
    (of) =>
      (window as unknown as { axe: { run: (of: object) => Promise<AxeResults> } }).axe.run(
        of ?? document,
      ),
    where,
  );
  return results.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}

/** What fades in has its colours only once it is there; what moves for ever is not waited for. */
async function waitForMotion() {
  const ending = document
    .getAnimations()
    .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
    .filter(({ playState }) => playState === "running");
  await Promise.allSettled(ending.map(({ finished }) => finished));
}
