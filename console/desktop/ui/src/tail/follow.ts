// Keeps pulling one live tail, and publishes what it holds once a pull: four times a second at most.
import type { TailLines } from "@suiftly/ui/api/admin";
import type { Commands, LinkStatus } from "../link/commands";
import { clear, EMPTY_RING, push, type Ring } from "./ring";

export interface TailView {
  readonly ring: Ring;
  readonly status: LinkStatus | { readonly phase: "broken"; readonly reason: string };
  /** Something came that this window cannot read. */
  readonly unreadable: boolean;
}

export type Tailing = Pick<Commands, "tailOpen" | "tailPull" | "tailClose">;

export interface TailFollower {
  readonly getView: () => TailView;
  readonly subscribe: (listener: () => void) => () => void;
  readonly clear: () => void;
  readonly close: () => void;
}

/** Waited before a tail that broke is opened again. */
const AGAIN_MS = 2_000;

export function followTail(commands: Tailing, query: string, againMs = AGAIN_MS): TailFollower {
  const listeners = new Set<() => void>();
  let closed = false;
  let tail: number | null = null;
  let view: TailView = { ring: EMPTY_RING, status: { phase: "connecting" }, unreadable: false };

  function publish(change: Partial<TailView>) {
    if (closed) return;
    view = { ...view, ...change };
    for (const listener of listeners) listener();
  }

  async function pullAll() {
    const opened = await commands.tailOpen(query);
    tail = opened;
    while (!closed) {
      const { events, status, dropped } = await commands.tailPull(opened);
      const read = events.filter(({ name }) => name === "lines").map(({ data }) => parse(data));
      const good = read.filter((event) => event !== null);
      publish({
        status,
        ring: push(view.ring, { events: good, dropped, at: Date.now() }),
        unreadable: view.unreadable || good.length < read.length,
      });
    }
  }

  /** A tail that is no more, as after another server was chosen, is opened again. */
  async function run() {
    while (!closed) {
      try {
        await pullAll();
      } catch (error) {
        publish({ status: { phase: "broken", reason: String(error) } });
        await new Promise((rest) => setTimeout(rest, againMs));
      }
    }
    if (tail !== null) await commands.tailClose(tail).catch(() => {});
  }

  void run();
  return {
    getView: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clear: () => publish({ ring: clear(view.ring), unreadable: false }),
    close() {
      closed = true;
      listeners.clear();
      if (tail !== null) void commands.tailClose(tail).catch(() => {});
    },
  };
}

/** The shape is the server's promise (api/openapi-admin.json). */
function parse(text: string): TailLines | null {
  try {
    const value: unknown = JSON.parse(text);
    const isLines = typeof value === "object" && value !== null && "lines" in value;
    return isLines ? (value as TailLines) : null;
  } catch {
    return null;
  }
}
