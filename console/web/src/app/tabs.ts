// What the tabs of this browser tell one another of the session that they share by its cookies.

export type TabMessage =
  | { readonly is: "signed-in"; readonly address: string }
  | { readonly is: "signed-out" }
  /** Nothing is seen of it; whoever was refused before it asks again. */
  | { readonly is: "renewed" }
  /** The session ran out, or was ended elsewhere. */
  | { readonly is: "ended" };

const CHANNEL = "suiftly-session";

/** Opened when first needed: a channel that is open keeps a page out of the browser's back cache. */
let channel: BroadcastChannel | null = null;

function open(): BroadcastChannel {
  channel ??= new BroadcastChannel(CHANNEL);
  return channel;
}

/** All other tabs; this one is not told. */
export function tellTabs(message: TabMessage) {
  open().postMessage(message);
}

export function listenToTabs(listener: (message: TabMessage) => void) {
  open().addEventListener("message", ({ data }: MessageEvent<TabMessage>) => listener(data));
}
