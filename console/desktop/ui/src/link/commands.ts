// The native side's commands (console/desktop/src) and their shapes. The token goes in by `connect`; nothing gives it
// out, and the page reaches the server by `ask` alone.
import { invoke } from "@tauri-apps/api/core";

export interface Opened {
  readonly session: number;
  readonly address: string;
  /** The token crosses the network unencrypted. */
  readonly unencrypted: boolean;
  /** The profile followed; null for a server that is kept under no name. */
  readonly profile: string | null;
  /** The system's keychain has the token. */
  readonly kept: boolean;
}

export type LinkStatus =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting" }
  | { readonly phase: "open" }
  | { readonly phase: "refused"; readonly reason: string }
  | { readonly phase: "unreachable"; readonly reason: string; readonly for_ms: number };

export interface Message {
  readonly name: string;
  /** JSON text. */
  readonly data: string;
}

export interface Batch {
  readonly session: number;
  readonly status: LinkStatus;
  readonly events: readonly Message[];
}

export interface Target {
  readonly address: string;
  readonly token: string;
  /** The name to keep it under; null keeps nothing. */
  readonly profile: string | null;
  /** Whether the token goes into the system's keychain. */
  readonly keep: boolean;
}

export interface Asked {
  readonly method: string;
  /** Under /api/v1/, with its query. */
  readonly path: string;
  /** JSON text. */
  readonly body: string | null;
  readonly idempotency_key: string | null;
}

export interface Answer {
  readonly status: number;
  readonly content_type: string;
  readonly retry_after: string | null;
  readonly body: string;
}

export interface TailBatch {
  readonly tail: number;
  readonly status: LinkStatus;
  readonly events: readonly Message[];
  /** Lines that went by since the last pull because the window was slow. */
  readonly dropped: number;
}

export interface Saved {
  readonly path: string;
  readonly bytes: number;
}

export interface Profile {
  readonly name: string;
  readonly address: string;
  readonly is_current: boolean;
  /** The keychain, or this program's memory, holds its token. */
  readonly has_token: boolean;
}

export interface LocalSystem {
  readonly state: "absent" | "stopped" | "starting" | "running" | "failed";
  readonly reason: string | null;
  readonly log: readonly string[];
  readonly data_dir: string;
  readonly binary: string | null;
}

export type Level = "ok" | "warn" | "bad" | "unknown";

export interface Commands {
  readonly open: () => Promise<Opened>;
  readonly connect: (target: Target) => Promise<Opened>;
  readonly pull: (session: number) => Promise<Batch>;
  readonly ask: (request: Asked) => Promise<Answer>;
  readonly tailOpen: (query: string) => Promise<number>;
  readonly tailPull: (tail: number) => Promise<TailBatch>;
  readonly tailClose: (tail: number) => Promise<void>;
  /** Puts what an API path answers into the download folder. */
  readonly save: (path: string, name: string) => Promise<Saved>;
  /** Tells the desktop; rejects where nobody shows notifications. */
  readonly notify: (title: string, body: string) => Promise<void>;
  readonly profiles: () => Promise<readonly Profile[]>;
  readonly profileUse: (name: string) => Promise<Opened>;
  readonly profileForget: (name: string) => Promise<void>;
  readonly localStatus: () => Promise<LocalSystem>;
  readonly localStart: () => Promise<LocalSystem>;
  readonly localStop: () => Promise<LocalSystem>;
  readonly localFollow: () => Promise<Opened>;
  /** What the tray says. */
  readonly condition: (word: string, level: Level) => Promise<void>;
}

export const NATIVE: Commands = {
  open: () => invoke("open"),
  connect: (target) => invoke("connect", { ...target }),
  pull: (session) => invoke("pull", { session }),
  ask: (request) => invoke("ask", { request }),
  tailOpen: (query) => invoke("tail_open", { query }),
  tailPull: (tail) => invoke("tail_pull", { tail }),
  tailClose: (tail) => invoke("tail_close", { tail }),
  save: (path, name) => invoke("save", { path, name }),
  notify: (title, body) => invoke("notify", { title, body }),
  profiles: () => invoke("profiles"),
  profileUse: (name) => invoke("profile_use", { name }),
  profileForget: (name) => invoke("profile_forget", { name }),
  localStatus: () => invoke("local_status"),
  localStart: () => invoke("local_start"),
  localStop: () => invoke("local_stop"),
  localFollow: () => invoke("local_follow"),
  condition: (word, level) => invoke("condition", { word, level }),
};
