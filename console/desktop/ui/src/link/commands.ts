// The native side's three commands (console/desktop/src/window.rs) and their shapes. The token goes in by
// `connect`; nothing gives it out.
import { invoke } from "@tauri-apps/api/core";

export interface Opened {
  readonly session: number;
  readonly address: string;
  /** The token crosses the network unencrypted. */
  readonly unencrypted: boolean;
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

export interface Commands {
  readonly open: () => Promise<Opened>;
  readonly connect: (address: string, token: string) => Promise<Opened>;
  readonly pull: (session: number) => Promise<Batch>;
}

export const NATIVE: Commands = {
  open: () => invoke("open"),
  connect: (address, token) => invoke("connect", { address, token }),
  pull: (session) => invoke("pull", { session }),
};
