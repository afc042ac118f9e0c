// The few W3C WebDriver commands that the window's test needs.
import { writeFile } from "node:fs/promises";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

export class WebDriver {
  readonly #session: string;

  private constructor(session: string) {
    this.#session = session;
  }

  /** Starts the program and attaches to its window. */
  static async start(driver: string, application: string): Promise<WebDriver> {
    const alwaysMatch = { browserName: "wry", "tauri:options": { application } };
    const { sessionId } = await send<{ sessionId: string }>("POST", `${driver}/session`, {
      capabilities: { alwaysMatch },
    });
    return new WebDriver(`${driver}/session/${sessionId}`);
  }

  /** Runs a function in the page. It must not refer to anything outside itself. */
  run<T, A extends unknown[]>(script: (...args: A) => T, ...args: A): Promise<Awaited<T>> {
    return send("POST", `${this.#session}/execute/sync`, {
      script: `return (${script})(...arguments)`,
      args,
    });
  }

  async press(key: string) {
    const actions = [
      { type: "keyDown", value: key },
      { type: "keyUp", value: key },
    ];
    await send("POST", `${this.#session}/actions`, {
      actions: [{ type: "key", id: "keyboard", actions }],
    });
  }

  async type(selector: string, text: string) {
    await send("POST", `${await this.#find(selector)}/clear`, {});
    await send("POST", `${await this.#find(selector)}/value`, { text });
  }

  async click(selector: string) {
    await send("POST", `${await this.#find(selector)}/click`, {});
  }

  async screenshot(file: string) {
    // What was changed last is painted two frames later.
    await this.run(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    const image = await send<string>("GET", `${this.#session}/screenshot`);
    await writeFile(file, Buffer.from(image, "base64"));
  }

  async close() {
    await send("DELETE", this.#session);
  }

  async #find(selector: string): Promise<string> {
    const found = await send<Record<string, string>>("POST", `${this.#session}/element`, {
      using: "css selector",
      value: selector,
    });
    return `${this.#session}/element/${found[ELEMENT]}`;
  }
}

async function send<T>(method: string, url: string, body?: object): Promise<T> {
  const response = await fetch(url, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
  if (response.ok) return value;
  throw new Error(`${method} ${new URL(url).pathname}: ${value.error}: ${value.message}`);
}
