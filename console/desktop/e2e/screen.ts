// The window as somebody uses it: by what is written on it.
import { expect } from "vitest";
import { until } from "./until";
import type { WebDriver } from "./webdriver";

const MARK = "data-e2e";

export class Screen {
  readonly page: WebDriver;
  #marks = 0;

  constructor(page: WebDriver) {
    this.page = page;
  }

  /** Waits until the server's figures are on it. */
  async comesAlive() {
    await until("a rate above zero", () =>
      this.page.run(
        () =>
          Number(document.querySelector<HTMLElement>("[data-testid=trust-ingest]")?.dataset.value) >
          0,
      ),
    );
  }

  /** Opens a page by its place: "/tail?status=5xx". */
  async go(place: string) {
    await this.page.run((to) => {
      location.hash = `#${to}`;
    }, place);
  }

  /** The text of what a test id names, once it is there. */
  text(hook: string): Promise<string> {
    return until(`something called ${hook}`, () =>
      this.page.run((at) => document.querySelector(at)?.textContent, byHook(hook)),
    );
  }

  /** The texts of all that a selector finds, now. */
  texts(selector: string): Promise<string[]> {
    return this.page.run(
      (at) => [...document.querySelectorAll(at)].map(({ textContent }) => textContent ?? ""),
      selector,
    );
  }

  /** Waits until the page says it. */
  async see(words: string | RegExp, longestMs?: number) {
    const [source, flags] =
      typeof words === "string" ? [escaped(words), ""] : [words.source, words.flags];
    const said = () =>
      this.page.run(
        (source, flags) => new RegExp(source, flags).test(document.body.innerText),
        source,
        flags,
      );
    await until(`“${words}” on the screen`, said, longestMs);
  }

  /** Presses a button, a link or a row by its words. */
  async press(words: string | RegExp, within = "body") {
    const [source, flags] =
      typeof words === "string" ? [`^${escaped(words)}$`, ""] : [words.source, words.flags];
    const mark = this.#mark();
    const find = () =>
      this.page.run(
        (source, flags, within, name, mark) => {
          const wanted = new RegExp(source, flags);
          const all = [...document.querySelectorAll(`${within} :is(button, a, label, [role=row])`)];
          const found = all.find((one) => {
            const words = (one.textContent ?? "").trim();
            return wanted.test(words) && !(one as HTMLButtonElement).disabled;
          });
          found?.setAttribute(name, mark);
          return found !== undefined;
        },
        source,
        flags,
        within,
        MARK,
        mark,
      );
    await until(`“${words}” to press`, find);
    await this.#click(`[${MARK}="${mark}"]`, find);
  }

  async pressHook(hook: string) {
    await until(`something called ${hook}`, () =>
      this.page.run((at) => {
        const found = document.querySelector<HTMLButtonElement>(at);
        return found !== null && !found.disabled;
      }, byHook(hook)),
    );
    await this.#click(byHook(hook));
  }

  /** Types into the field with this label. */
  async fill(label: string | RegExp, text: string) {
    const source = typeof label === "string" ? `^${escaped(label)}` : label.source;
    const mark = this.#mark();
    const find = () =>
      this.page.run(
        (source, name, mark) => {
          const wanted = new RegExp(source);
          const labels = [...document.querySelectorAll("label")];
          const found =
            labels.find((one) => wanted.test((one.textContent ?? "").trim()))?.control ??
            [...document.querySelectorAll("input, textarea")].find((one) =>
              wanted.test(one.getAttribute("aria-label") ?? ""),
            );
          found?.setAttribute(name, mark);
          return found != null;
        },
        source,
        MARK,
        mark,
      );
    await until(`a field called “${label}”`, find);
    const selector = `[${MARK}="${mark}"]`;
    await this.#act(selector, () => this.page.type(selector, text), find);
  }

  /** Nothing on the page says that it failed, and the window itself does not scroll. */
  async isWhole() {
    const found = await this.page.run(() => {
      const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
      return {
        failed: [...document.querySelectorAll(".failed")].map(({ textContent }) => textContent),
        spare: [scrollWidth - clientWidth, scrollHeight - clientHeight],
      };
    });
    expect(found).toEqual({ failed: [], spare: [0, 0] });
  }

  #click(selector: string, find?: () => Promise<unknown>) {
    return this.#act(selector, () => this.page.click(selector), find);
  }

  /** What a toast lies over is pressed once it has gone; what was drawn anew since it was found is found again. */
  async #act(selector: string, act: () => Promise<void>, find?: () => Promise<unknown>) {
    await until(`${selector} with nothing over it`, async () => {
      try {
        await act();
        return true;
      } catch (error) {
        if (/no such element|stale element/.test(String(error))) await find?.();
        else if (!String(error).includes("click intercepted")) throw error;
        return false;
      }
    });
  }

  #mark(): string {
    this.#marks += 1;
    return String(this.#marks);
  }
}

function byHook(hook: string): string {
  return `[data-testid="${hook}"]`;
}

function escaped(words: string): string {
  return words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
