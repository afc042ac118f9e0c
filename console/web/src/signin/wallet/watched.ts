// The account that the wallet is on, as far as it is watched. Apart from the code of wallets, so that pages can read it.
import { useSyncExternalStore } from "react";

let watched: string | null = null;
const listeners = new Set<() => void>();

export function setWatched(address: string | null) {
  watched = address;
  for (const tell of listeners) tell();
}

/** null: no wallet is connected, or none is watched. */
export function useWatchedAddress(): string | null {
  return useSyncExternalStore(subscribe, () => watched);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
