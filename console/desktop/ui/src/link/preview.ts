// The commands in a plain browser, for work on the screens: Vite's development server stands between the page and the
// server, and adds the token. Built windows do not carry this.
import type { Answer, Commands, LinkStatus, LocalSystem, Message, Opened } from "./commands";

const PULL_MS = 250;
const NAMES = ["snapshot", "delta", "reset", "pipeline", "revisions"];
const ONLY_NATIVE = "This page runs in a browser: only the console's own window does this.";

interface Stream {
  status: LinkStatus;
  events: Message[];
  readonly source: EventSource;
}

function openStream(path: string, names: readonly string[]): Stream {
  const source = new EventSource(path);
  const stream: Stream = { status: { phase: "connecting" }, events: [], source };
  source.onopen = () => {
    stream.status = { phase: "open" };
  };
  source.onerror = () => {
    stream.status = { phase: "unreachable", reason: "the stream broke off", for_ms: 0 };
  };
  for (const name of names) {
    source.addEventListener(name, ({ data }) => stream.events.push({ name, data }));
  }
  return stream;
}

async function take(stream: Stream): Promise<readonly Message[]> {
  await new Promise((rest) => setTimeout(rest, PULL_MS));
  return stream.events.splice(0);
}

async function ask(method: string, path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(path, { ...init, method });
  return {
    status: response.status,
    content_type: response.headers.get("content-type") ?? "",
    retry_after: response.headers.get("retry-after"),
    body: await response.text(),
  };
}

const NO_LOCAL: LocalSystem = {
  state: "absent",
  reason: ONLY_NATIVE,
  log: [],
  data_dir: "",
  binary: null,
};

export function previewCommands(): Commands {
  let main: Stream | undefined;
  let session = 0;
  const tails = new Map<number, Stream>();
  let lastTail = 0;
  const open = async (): Promise<Opened> => {
    main?.source.close();
    main = openStream("/api/v1/stream", NAMES);
    session += 1;
    return {
      session,
      address: location.origin,
      unencrypted: false,
      profile: "preview",
      kept: true,
    };
  };
  return {
    open,
    connect: open,
    pull: async () => {
      if (!main) throw new Error("not open");
      const events = await take(main);
      return { session, status: main.status, events };
    },
    ask: ({ method, path, body, idempotency_key }) =>
      ask(method, path, {
        ...(body !== null && { body }),
        headers: {
          ...(body !== null && { "content-type": "application/json" }),
          ...(idempotency_key !== null && { "idempotency-key": idempotency_key }),
        },
      }),
    tailOpen: async (query) => {
      for (const { source } of tails.values()) source.close();
      tails.clear();
      lastTail += 1;
      tails.set(lastTail, openStream(`/api/v1/tail?${query}`, ["lines"]));
      return lastTail;
    },
    tailPull: async (tail) => {
      const stream = tails.get(tail);
      if (!stream) throw new Error(`there is no tail ${tail}`);
      const events = await take(stream);
      return { tail, status: stream.status, events, dropped: 0 };
    },
    tailClose: async (tail) => {
      tails.get(tail)?.source.close();
      tails.delete(tail);
    },
    save: () => Promise.reject(ONLY_NATIVE),
    notify: () => Promise.reject(ONLY_NATIVE),
    profiles: async () => [
      { name: "preview", address: location.origin, is_current: true, has_token: true },
    ],
    profileUse: open,
    profileForget: () => Promise.reject(ONLY_NATIVE),
    localStatus: async () => NO_LOCAL,
    localStart: async () => NO_LOCAL,
    localStop: async () => NO_LOCAL,
    localFollow: () => Promise.reject(ONLY_NATIVE),
    condition: async () => {},
  };
}
