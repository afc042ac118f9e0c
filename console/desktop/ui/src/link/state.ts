// What the window knows of one server, as a pure function of the batches pulled.
import {
  applyEvent,
  INITIAL_STATE,
  type Pipeline,
  type StreamEvent,
  type UsageState,
} from "@suiftly/ui";
import type { Message } from "./commands";

/** Spark lines show this many of the pipeline's states, one a second. */
export const HISTORY = 60;

export interface ServerState {
  readonly usage: UsageState;
  /** The pipeline's last states, oldest first. */
  readonly history: readonly Pipeline[];
  /** Something came that this console cannot read; figures wait for the next snapshot. */
  readonly unreadable: boolean;
}

export const UNKNOWN_SERVER: ServerState = { usage: INITIAL_STATE, history: [], unreadable: false };

/** A new session on the same server: the last good figures stay until its snapshot comes. */
export function resume(state: ServerState): ServerState {
  return { ...state, usage: { ...state.usage, awaitingSnapshot: true }, unreadable: false };
}

export function receive(state: ServerState, message: Message, receivedAt: number): ServerState {
  if (!isKnown(message.name)) return state;
  const data = parse(message.data);
  if (data === null) return { ...resume(state), unreadable: true };
  // The shapes are the server's promise (api/openapi.json); they are not checked again here.
  const event = { type: message.name, data, receivedAt } as StreamEvent;
  return {
    usage: applyEvent(state.usage, event),
    history:
      event.type === "pipeline" ? [...state.history, event.data].slice(-HISTORY) : state.history,
    unreadable: state.unreadable && event.type !== "snapshot",
  };
}

const KNOWN: readonly StreamEvent["type"][] = ["snapshot", "delta", "reset", "pipeline"];

function isKnown(name: string): name is StreamEvent["type"] {
  return KNOWN.some((known) => known === name);
}

function parse(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
