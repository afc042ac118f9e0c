import { expect, test } from "vitest";
import { reloadOnce } from "../src/app/newVersion";

function page() {
  const kept = new Map<string, string>();
  const seen = { reloads: 0, now: 1_000_000 };
  const control = {
    storage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    },
    now: () => seen.now,
    reload: () => {
      seen.reloads += 1;
    },
  };
  return { seen, control };
}

test("a missing file reloads the page once, and again only after a while", () => {
  const { seen, control } = page();
  expect(reloadOnce(control)).toBe(true);
  expect(reloadOnce(control)).toBe(false);
  seen.now += 61_000;
  expect(reloadOnce(control)).toBe(true);
  expect(seen.reloads).toBe(2);
});

test("where nothing can be kept nothing is reloaded", () => {
  const { seen, control } = page();
  const setItem = () => {
    throw new DOMException("refused", "SecurityError");
  };
  expect(reloadOnce({ ...control, storage: { ...control.storage, setItem } })).toBe(false);
  expect(seen.reloads).toBe(0);
});
