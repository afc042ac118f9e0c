// The live stream: keeps one EventSource open, feeds what it says to the reducer, and publishes a view
// at most four times a second. Network errors resume by themselves (EventSource sends Last-Event-ID);
// a stream that is refused, silent or has nothing to resume from is opened anew, with growing waits.
import { parse } from "valibot";
import {
  vStreamClock,
  vStreamDelta,
  vStreamReset,
  vStreamSnapshot,
} from "../api/customer/valibot.gen";
import { CONNECTION_LOST, explain, type Problem, readProblem, UNREADABLE } from "../api/problem";
import { REPAINT_MS, RETRY_MS, SECOND_MS, SILENCE_MS } from "../timing";
import { applyEvent, INITIAL_STATE, type StreamEvent, serverNow, type UsageState } from "./state";

export type Connection =
  | { readonly phase: "connecting" }
  | { readonly phase: "open" }
  | { readonly phase: "retrying"; readonly problem: Problem }
  | { readonly phase: "signed-out" };

export interface LiveView {
  readonly state: UsageState;
  readonly connection: Connection;
  /** The server's time now, as well as this machine knows it. */
  readonly now: number;
}

export interface UsageStream {
  readonly getView: () => LiveView;
  readonly subscribe: (listener: () => void) => () => void;
  /** Opens the stream anew at once. */
  readonly retry: () => void;
  readonly close: () => void;
}

export interface UsageStreamOptions {
  readonly url?: string;
  /** Tries to begin a new session where the old one ended; false leaves it signed out. */
  readonly renewSession?: () => Promise<boolean>;
  readonly createEventSource?: (url: string) => EventSource;
  readonly fetch?: typeof fetch;
}

export const IDLE_VIEW: LiveView = {
  state: INITIAL_STATE,
  connection: { phase: "connecting" },
  now: 0,
};

const STREAM_REFUSED: Problem = {
  title: "The server answers, but the live stream did not open.",
  code: "stream_refused",
};

/** The events of a customer's stream. */
const EVENTS = {
  snapshot: vStreamSnapshot,
  delta: vStreamDelta,
  reset: vStreamReset,
  clock: vStreamClock,
};
type EventType = keyof typeof EVENTS;
const EVENT_TYPES = Object.keys(EVENTS) as EventType[];

export function openUsageStream(options: UsageStreamOptions = {}): UsageStream {
  const url = options.url ?? "/api/v1/usage/stream";
  const renewSession = options.renewSession ?? (async () => false);
  const createEventSource = options.createEventSource ?? ((at) => new EventSource(at));
  const fetchFn = options.fetch ?? fetch;

  const listeners = new Set<() => void>();
  let state: UsageState = INITIAL_STATE;
  let connection: Connection = { phase: "connecting" };
  let view = takeView();
  let source: EventSource | null = null;
  let failures = 0;
  let publishedAt = Number.NEGATIVE_INFINITY;
  let publishTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let silenceTimer: ReturnType<typeof setTimeout> | undefined;
  const clockTimer = setInterval(schedulePublish, SECOND_MS);

  function takeView(): LiveView {
    return { state, connection, now: serverNow(state, Date.now()) };
  }

  function schedulePublish() {
    if (publishTimer !== undefined) return;
    const wait = Math.max(0, publishedAt + REPAINT_MS - Date.now());
    publishTimer = setTimeout(publish, wait);
  }

  function publish() {
    publishTimer = undefined;
    publishedAt = Date.now();
    view = takeView();
    for (const listener of listeners) listener();
  }

  function setConnection(next: Connection) {
    connection = next;
    schedulePublish();
  }

  function open() {
    disconnect();
    const opened = createEventSource(url);
    source = opened;
    watchForSilence();
    for (const type of EVENT_TYPES) {
      opened.addEventListener(type, (event) => receive(type, event.data));
    }
    opened.addEventListener("error", () => void lose(opened));
  }

  function disconnect() {
    source?.close();
    source = null;
    clearTimeout(retryTimer);
    clearTimeout(silenceTimer);
  }

  function receive(type: EventType, text: string) {
    const event = parseEvent(type, text);
    if (event === null) {
      retryLater(UNREADABLE);
      return;
    }
    state = applyEvent(state, event);
    watchForSilence();
    if (event.type === "snapshot" || event.type === "delta") {
      failures = 0;
      connection = { phase: "open" };
    }
    schedulePublish();
  }

  /** A half-open connection raises no error: silence is what tells. */
  function watchForSilence() {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(() => retryLater(CONNECTION_LOST), SILENCE_MS);
  }

  async function lose(lost: EventSource) {
    if (lost.readyState !== EVENT_SOURCE_CLOSED) {
      loseConnection();
      return;
    }
    const reason = await findReason();
    if (lost !== source) return;
    if (reason !== "signed-out") {
      retryLater(reason);
      return;
    }
    const renewed = await renew();
    if (lost !== source) return;
    if (renewed === true) openRenewed();
    else if (renewed === false) signOut();
    else retryLater(renewed);
  }

  /** Where it could not be asked for, the session may well go on. */
  async function renew(): Promise<boolean | Problem> {
    try {
      return await renewSession();
    } catch (error) {
      return explain(error);
    }
  }

  /** Unseen the first time; a renewal that does not help is no reason to ask in a circle. */
  function openRenewed() {
    if (failures > 0) {
      retryLater(CONNECTION_LOST);
      return;
    }
    failures = 1;
    open();
  }

  function signOut() {
    disconnect();
    setConnection({ phase: "signed-out" });
  }

  /**
   * EventSource would resume by itself, after the last id it has. But a `reset` carries none: lost before
   * its snapshot, the stream would go on with deltas to figures that mean nothing any more, for ever.
   */
  function loseConnection() {
    if (state.awaitingSnapshot) retryLater(CONNECTION_LOST);
    else setConnection({ phase: "retrying", problem: CONNECTION_LOST });
  }

  /** EventSource does not tell why it was refused: the same request by other means does. */
  async function findReason(): Promise<Problem | "signed-out"> {
    try {
      const response = await fetchFn(url, { headers: { accept: "text/event-stream" } });
      if (response.status === 401) return "signed-out";
      if (!response.ok) return await readProblem(response);
      await response.body?.cancel();
      return STREAM_REFUSED;
    } catch {
      return CONNECTION_LOST;
    }
  }

  function retryLater(problem: Problem) {
    disconnect();
    retryTimer = setTimeout(open, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures += 1;
    setConnection({ phase: "retrying", problem });
  }

  open();
  return {
    getView: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retry() {
      if (connection.phase === "signed-out") setConnection({ phase: "connecting" });
      open();
    },
    close() {
      disconnect();
      clearInterval(clockTimer);
      clearTimeout(publishTimer);
      listeners.clear();
    },
  };
}

// EventSource.CLOSED, without needing the global where the source is injected.
const EVENT_SOURCE_CLOSED = 2;

function parseEvent(type: EventType, text: string): StreamEvent | null {
  try {
    const data = parse(EVENTS[type], JSON.parse(text));
    return { type, data, receivedAt: Date.now() } as StreamEvent;
  } catch {
    return null;
  }
}
