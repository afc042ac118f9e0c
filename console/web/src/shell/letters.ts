// Whether single letters are keys. Some people speak to their browser, or press keys by accident: they switch them off.
import { useSyncExternalStore } from "react";

const KEY = "suiftly-letters";
const listeners = new Set<() => void>();
let off = read();

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === "off";
  } catch {
    return false;
  }
}

export const lettersAreOff = () => off;

export function switchLetters(on: boolean) {
  off = !on;
  try {
    if (off) localStorage.setItem(KEY, "off");
    else localStorage.removeItem(KEY);
  } catch {
    // Storage may be refused: the choice then holds until the page is left.
  }
  for (const tell of listeners) tell();
}

export function useLettersOff(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, lettersAreOff);
}
