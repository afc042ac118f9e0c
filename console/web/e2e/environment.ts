// Where the running Suiftly is, and where pictures of it go.
import { join } from "node:path";

export interface Environment {
  readonly url: string;
  /** The mock wallet of a customer with traffic. */
  readonly wallet: string;
  readonly chromium: string;
  readonly shots: string;
}

export function readEnvironment(): Environment {
  return {
    url: required("SUIFTLY_URL", "http://127.0.0.1:3000").replace(/\/$/, ""),
    wallet: required("SUIFTLY_WALLET", "the wallet in the link that `cargo xtask up` prints"),
    chromium: process.env.CHROMIUM ?? "/usr/bin/chromium",
    shots: process.env.SUIFTLY_SHOTS ?? join(import.meta.dirname, "shots"),
  };
}

function required(name: string, example: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(
      `${name} is not set (${example}). These tests need a running Suiftly with traffic.`,
    );
  }
  return value;
}
