// A browser that writes down everything it complains about.
import { type Browser, chromium, type Page, type Route } from "playwright-core";
import type { Environment } from "./environment";
import { recordInPage } from "./recorder";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A machine that builds beside it is slow. */
const TIMEOUT_MS = 60_000;

export interface Session {
  readonly browser: Browser;
  readonly page: Page;
  /** Console errors, uncaught exceptions and breaches of the content security policy so far. */
  readonly complaints: string[];
}

export function launch(executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium") {
  return chromium.launch({ executablePath, args: ARGS });
}

export async function openSession({ chromium: executablePath }: Environment): Promise<Session> {
  const browser = await launch(executablePath);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 1000 },
    colorScheme: "light",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  await page.exposeFunction("complain", (text: string) => complaints.push(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const { complain } = window as unknown as { complain: (text: string) => void };
      complain(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.addInitScript(recordInPage);
  return { browser, page, complaints };
}

/** Keeps the next request there until it is let go: what is under way is seen, however fast the server is. */
export async function holdBack(page: Page, url: string): Promise<() => void> {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const keep = async (route: Route) => {
    await held;
    await route.continue();
  };
  await page.route(url, keep, { times: 1 });
  return letGo;
}
