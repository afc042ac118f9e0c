import { expect, test } from "vitest";
import { type Locks, renewAcrossTabs } from "../src/app/renewal";

/** As browsers have them: one holder at a time, the others in their order. */
function browserLocks(): Locks {
  let held = false;
  let last: Promise<unknown> = Promise.resolve();
  return {
    request(_name, { ifAvailable }, hold) {
      if (ifAvailable && held) return hold(null);
      const turn = last.then(async () => {
        held = true;
        return hold({ name: "x", mode: "exclusive" });
      });
      held = true;
      const release = () => {
        held = false;
      };
      last = turn.then(release, release);
      return turn;
    },
  };
}

/** A server whose refresh token is good for one use: two at a time are a theft. */
function server() {
  const seen = { renewals: 0, atOnce: 0, most: 0, session: "expired" };
  const later = () => new Promise((resolve) => setTimeout(resolve, 5));
  return {
    seen,
    renew: async () => {
      seen.renewals += 1;
      seen.atOnce += 1;
      seen.most = Math.max(seen.most, seen.atOnce);
      await later();
      seen.atOnce -= 1;
      if (seen.session === "over") return false;
      seen.session = "works";
      return true;
    },
    works: async () => seen.session === "works",
    renewedElsewhere: () => false,
  };
}

test("tabs that ask at once share one renewal", async () => {
  const locks = browserLocks();
  const { seen, ...asks } = server();
  const tabs = [1, 2, 3].map(() => renewAcrossTabs({ locks, ...asks }));
  expect(await Promise.all(tabs)).toEqual([true, true, true]);
  expect(seen).toMatchObject({ renewals: 1, most: 1 });
});

test("a session that is over is over for every tab, one question at a time", async () => {
  const locks = browserLocks();
  const { seen, ...asks } = server();
  seen.session = "over";
  const tabs = [1, 2].map(() => renewAcrossTabs({ locks, ...asks }));
  expect(await Promise.all(tabs)).toEqual([false, false]);
  expect(seen.most).toBe(1);
});

test("a tab that could not ask leaves the lock to the next", async () => {
  const locks = browserLocks();
  const { seen: _seen, ...asks } = server();
  const failing = async (): Promise<boolean> => {
    throw new TypeError("no network");
  };
  await expect(renewAcrossTabs({ locks, ...asks, renew: failing })).rejects.toThrow("no network");
  expect(await renewAcrossTabs({ locks, ...asks })).toBe(true);
});

test("a tab that was refused before another's renewal, and says so after it, renews no more", async () => {
  const locks = browserLocks();
  const { seen, ...asks } = server();
  await renewAcrossTabs({ locks, ...asks });
  expect(await renewAcrossTabs({ locks, ...asks, renewedElsewhere: () => true })).toBe(true);
  expect(seen.renewals).toBe(1);
});

test("without locks each tab renews for itself", async () => {
  const { seen, ...asks } = server();
  expect(await renewAcrossTabs({ locks: undefined, ...asks })).toBe(true);
  expect(seen.renewals).toBe(1);
});
