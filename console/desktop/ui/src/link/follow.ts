// Keeps pulling what the native side has, and publishes a view after each pull. The native side answers at
// most four times a second and at least once, so this is the window's clock as well.
import { serverNow } from "@suiftly/ui";
import type { Commands, LinkStatus, Opened } from "./commands";
import { receive, resume, type ServerState, UNKNOWN_SERVER } from "./state";

export type Phase = LinkStatus | { readonly phase: "broken"; readonly reason: string };

export interface ConsoleView {
  readonly server: ServerState;
  readonly status: Phase;
  readonly address: string;
  readonly unencrypted: boolean;
  /** The server's time now, as well as this machine knows it; Unix time in ms. */
  readonly now: number;
}

export interface Follower {
  readonly getView: () => ConsoleView;
  readonly subscribe: (listener: () => void) => () => void;
  /** Follows another server; rejects with what is wrong with the address or token. */
  readonly connect: (address: string, token: string) => Promise<void>;
  /** Tries again at once. */
  readonly retry: () => Promise<void>;
  readonly close: () => void;
}

export function follow(commands: Commands): Follower {
  const listeners = new Set<() => void>();
  let session = 0;
  let closed = false;
  let view: ConsoleView = {
    server: UNKNOWN_SERVER,
    status: { phase: "connecting" },
    address: "",
    unencrypted: false,
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
    connect: async (address, token) => adopt(await commands.connect(address, token)),
    retry: async () => adopt(await commands.open()),
    close() {
      closed = true;
      listeners.clear();
    },
  };
}
