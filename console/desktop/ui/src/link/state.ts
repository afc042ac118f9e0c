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
  /** What the server last said of each topic: a number that changes with what its pages answer. */
  readonly revisions: Revisions;
}

export type Revisions = Readonly<Record<string, number | null>>;

export const UNKNOWN_SERVER: ServerState = {
  usage: INITIAL_STATE,
  history: [],
  unreadable: false,
  revisions: {},
};

/** A new session on the same server: the last good figures stay until its snapshot comes. */
export function resume(state: ServerState): ServerState {
  return { ...state, usage: { ...state.usage, awaitingSnapshot: true }, unreadable: false };
}

export function receive(state: ServerState, message: Message, receivedAt: number): ServerState {
  if (!isKnown(message.name)) return state;
  const data = parse(message.data);
  if (data === null) return { ...resume(state), unreadable: true };
  if (message.name === "revisions") return { ...state, revisions: data as Revisions };
  // The shapes are the server's promise (api/openapi.json); they are not checked again here.
  const event = { type: message.name, data, receivedAt } as StreamEvent;
  return {
    ...state,
    usage: applyEvent(state.usage, event),
    history:
      event.type === "pipeline" ? [...state.history, event.data].slice(-HISTORY) : state.history,
    unreadable: state.unreadable && event.type !== "snapshot",
  };
}

const KNOWN: readonly string[] = ["snapshot", "delta", "reset", "pipeline", "revisions"];

function isKnown(name: string): boolean {
  return KNOWN.includes(name);
}

function parse(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
