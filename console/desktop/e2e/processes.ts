// The processes around the window: an X server where there is no display, and tauri-driver, which starts the
// window. Each is stopped by its own id.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { until } from "./until";
import { WebDriver } from "./webdriver";

const SCREEN = "1440x900x24";

export interface Display {
  readonly name: string;
  readonly stop: () => Promise<void>;
}

/** The display given, or a server of our own on a number that it chooses itself. */
export async function openDisplay(): Promise<Display> {
  if (process.env.DISPLAY) return { name: process.env.DISPLAY, stop: async () => {} };
  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", SCREEN, "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const failed = once(server, "error").then(([error]) => Promise.reject(error));
  const [number] = await Promise.race([once(server.stdio[3] as Readable, "data"), failed]);
  return { name: `:${String(number).trim()}`, stop: () => stop(server) };
}

export interface ConsoleWindow {
  readonly page: WebDriver;
  /** Where the window may keep what outlives it: its own, empty at the start, removed at the end. */
  readonly home: string;
  readonly close: () => Promise<void>;
}

/** Opens the console's window with exactly these of its variables. */
export async function openWindow(
  application: string,
  display: Display,
  variables: Record<string, string>,
): Promise<ConsoleWindow> {
  const [port, nativePort] = [await freePort(), await freePort()];
  const { SUIFTLY_URL: _, SUIFTLY_TOKEN: __, SUIFTLY_TOKEN_FILE: ___, ...inherited } = process.env;
  const home = await mkdtemp(join(tmpdir(), "suiftly-console-"));
  const places = {
    XDG_DATA_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    MESA_SHADER_CACHE_DISABLE: "true",
  };
  const driver = spawn("tauri-driver", ["--port", `${port}`, "--native-port", `${nativePort}`], {
    env: { ...inherited, DISPLAY: display.name, ...places, ...variables },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const failed = once(driver, "error").then(([error]) => Promise.reject(error));
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([failed, until("tauri-driver answers", () => answers(`${url}/status`))]);
  const page = await WebDriver.start(url, application);
  return {
    page,
    home,
    async close() {
      await page.close();
      await stop(driver);
      // The web view's own processes may write their last a moment after the window is gone.
      await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function stop(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
