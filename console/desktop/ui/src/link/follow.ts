// Keeps pulling what the native side has, and publishes a view after each pull. The native side answers at
// most four times a second and at least once, so this is the window's clock as well.
import { serverNow } from "@suiftly/ui";
import type { Commands, LinkStatus, Opened, Target } from "./commands";
import { receive, resume, type ServerState, UNKNOWN_SERVER } from "./state";

export type Phase = LinkStatus | { readonly phase: "broken"; readonly reason: string };

export interface ConsoleView {
  readonly server: ServerState;
  readonly status: Phase;
  readonly address: string;
  readonly unencrypted: boolean;
  /** The profile followed, if the server is kept under a name. */
  readonly profile: string | null;
  /** The server's time now, as well as this machine knows it; Unix time in ms. */
  readonly now: number;
}

export interface Follower {
  readonly getView: () => ConsoleView;
  readonly subscribe: (listener: () => void) => () => void;
  /** Follows another server; rejects with what is wrong with the address or token. */
  readonly connect: (target: Target) => Promise<Opened>;
  /** Follows what a command opened: a profile, the local system. */
  readonly adopt: (opened: Promise<Opened>) => Promise<void>;
  /** Tries again at once. */
  readonly retry: () => Promise<void>;
  readonly close: () => void;
}

/** What following takes. */
export type Following = Pick<Commands, "open" | "connect" | "pull">;

export function follow(commands: Following): Follower {
  const listeners = new Set<() => void>();
  let session = 0;
  let closed = false;
  let view: ConsoleView = {
    server: UNKNOWN_SERVER,
    status: { phase: "connecting" },
    address: "",
    unencrypted: false,
    profile: null,
    now: Date.now(),
  };

  function publish(change: Partial<ConsoleView>) {
    const server = change.server ?? view.server;
    view = { ...view, ...change, now: serverNow(server.usage, Date.now()) };
    for (const listener of listeners) listener();
  }

  function adopt(opened: Opened) {
    session = opened.session;
    const same = opened.address === view.address;
    publish({
      server: same ? resume(view.server) : UNKNOWN_SERVER,
      address: opened.address,
      unencrypted: opened.unencrypted,
      profile: opened.profile,
    });
  }

  async function pullOnce() {
    const asked = session;
    const batch = await commands.pull(asked);
    // Another session began here while this pull was under way: its answer says nothing any more.
    if (closed || asked !== session) return;
    if (batch.session !== session) {
      adopt(await commands.open());
      return;
    }
    const receivedAt = Date.now();
    const server = batch.events.reduce(
      (state, message) => receive(state, message, receivedAt),
      view.server,
    );
    publish({ server, status: batch.status });
  }

  async function run() {
    try {
      adopt(await commands.open());
      while (!closed) await pullOnce();
    } catch (error) {
      publish({ status: { phase: "broken", reason: String(error) } });
    }
  }

  void run();
  return {
    getView: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connect: async (target) => {
      const opened = await commands.connect(target);
      adopt(opened);
      return opened;
    },
    adopt: async (opened) => adopt(await opened),
    retry: async () => adopt(await commands.open()),
    close() {
      closed = true;
      listeners.clear();
    },
  };
}
