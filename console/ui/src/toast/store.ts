// The toasts on the screen: few, in their order, outside of any page, for they outlive it.
import type { ReactNode } from "react";

export interface Toast {
  readonly text: ReactNode;
  readonly action?: { readonly label: string; readonly onPress: () => void };
  readonly kind?: "bad";
}

export interface ShownToast extends Toast {
  readonly id: number;
}

/** More than these at once are not read: the oldest makes room. */
const MOST = 3;

let shown: readonly ShownToast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

export function showToast(toast: Toast) {
  lastId += 1;
  publish([...shown, { ...toast, id: lastId }].slice(-MOST));
}

export function dismissToast(id: number) {
  publish(shown.filter((toast) => toast.id !== id));
}

export const shownToasts = () => shown;

export function subscribeToToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function publish(next: readonly ShownToast[]) {
  shown = next;
  for (const listener of listeners) listener();
}
