// What a real Suiftly answered once, kept so that pictures of the pages can be taken of the same data again.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Recording {
  /** The page's clock, in ms of Unix time: the same in each picture. */
  readonly now: number;
  /** The number of the customer's latest invoice. */
  readonly invoice: string;
  /** By what `nameOf` calls the request. */
  readonly answers: Record<string, Answer>;
  /** By path and query of a stream: its first events, as they came. */
  readonly streams: Record<string, string>;
}

const FILE = join(import.meta.dirname, "answers.json");

/** What a read is called; null for a write. A quote is a read by POST, and a page asks for one at most. */
export function nameOf(method: string, path: string): string | null {
  if (method === "GET") return path;
  return method === "POST" && path.endsWith("/quote") ? `POST ${path}` : null;
}

export function readRecording(): Recording {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

export function writeRecording(recording: Recording) {
  writeFileSync(FILE, `${JSON.stringify(recording, null, 1)}\n`);
}
