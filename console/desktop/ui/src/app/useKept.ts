import { useState } from "react";

const kept = new Map<string, unknown>();

/** State that leaving the page does not lose: what is being written. It lives as long as the window. */
export function useKept<T>(key: string, initial: T) {
  const [value, setValue] = useState<T>(() => (kept.has(key) ? (kept.get(key) as T) : initial));
  const keep = (next: T) => {
    kept.set(key, next);
    setValue(next);
  };
  return [value, keep] as const;
}
