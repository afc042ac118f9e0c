// Records what a running Suiftly answers, for the pictures to be taken of: SUIFTLY_URL and SUIFTLY_WALLET say of which.
import type { InvoicePage } from "@suiftly/ui/api/customer";
import { expect, test } from "vitest";
import { read } from "../e2e/account";
import { readEnvironment } from "../e2e/environment";
import { type Answer, nameOf, writeRecording } from "./answers";
import { openBrowser, openPage, visit } from "./browser";
import { PAGES, type View } from "./pages";

const VIEW: View = { name: "record", colorScheme: "light", width: 1280 };
const STREAM = "/api/v1/usage/stream";

test("the pages' answers are recorded", async () => {
  const { url, wallet } = readEnvironment();
  const browser = await openBrowser();
  const now = Date.now();
  const page = await openPage(browser, VIEW, now);
  const answers: Record<string, Answer> = {};
  const reads: Promise<void>[] = [];
  page.on("response", (response) => {
    const path = response.url().replace(url, "");
    if (!path.startsWith("/api/v1/") || path.startsWith(STREAM)) return;
    const at = nameOf(response.request().method(), path);
    if (at === null) return;
    const keep = async () => {
      answers[at] ??= { status: response.status(), body: await response.json() };
    };
    reads.push(keep().catch(() => undefined));
  });
  await page.goto(`${url}/#wallet=${wallet}`);
  await page.getByTestId("complete-to").waitFor();
  const events = await firstEvents(page, now);
  const { items } = await read<InvoicePage>(page, "/billing/invoices");
  const invoice = items[0]?.number ?? "";
  for (const of of PAGES) if (!of.outside && !of.made) await visit(page, url, of, invoice);
  await Promise.all(reads);
  await browser.close();
  expect(invoice, "an invoice to take a picture of").not.toBe("");
  expect(Object.keys(answers).length).toBeGreaterThan(PAGES.length);
  writeRecording({ now, invoice, answers, streams: { [STREAM]: events } });
}, 180_000);

/** The stream's first snapshot, with the clock at the time of the recording. */
function firstEvents(page: import("playwright-core").Page, now: number): Promise<string> {
  return page.evaluate(
    ({ stream, at }) =>
      new Promise<string>((resolve) => {
        const source = new EventSource(stream);
        source.addEventListener("snapshot", (event) => {
          source.close();
          const snapshot = JSON.parse(event.data);
          const iso = new Date(at).toISOString();
          const data = JSON.stringify({ ...snapshot, complete_to: iso });
          const clock = { now: iso, complete_to: iso, epoch: snapshot.epoch };
          const events = [
            `id: ${event.lastEventId}\nevent: snapshot\ndata: ${data}\n\n`,
            `event: clock\ndata: ${JSON.stringify(clock)}\n\n`,
          ];
          resolve(events.join(""));
        });
      }),
    { stream: STREAM, at: now },
  );
}
