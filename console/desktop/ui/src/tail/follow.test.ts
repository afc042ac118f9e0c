import { expect, test, vi } from "vitest";
import { aRecord } from "../drill/lines/sample";
import type { TailBatch } from "../link/commands";
import { followTail, type Tailing } from "./follow";

const lines = (count: number) => ({
  name: "lines",
  data: JSON.stringify({ lines: Array.from({ length: count }, () => aRecord()), sampled: 3 }),
});

/** The native side as a test plays it: each pull waits for `answer`. */
function native() {
  let opened = 0;
  let waiting: { resolve: (batch: TailBatch) => void; reject: (why: string) => void } | undefined;
  const commands = {
    tailOpen: vi.fn(async (_query: string) => ++opened),
    tailPull: vi.fn(
      (_tail: number) =>
        new Promise<TailBatch>((resolve, reject) => {
          waiting = { resolve, reject };
        }),
    ),
    tailClose: vi.fn(async (_tail: number) => {}),
  } satisfies Tailing;
  const take = async () => {
    const found = await vi.waitUntil(() => waiting);
    waiting = undefined;
    return found;
  };
  return {
    commands,
    answer: async (batch: Partial<TailBatch>) =>
      (await take()).resolve({
        tail: opened,
        status: { phase: "open" },
        events: [],
        dropped: 0,
        ...batch,
      }),
    fail: async (why: string) => (await take()).reject(why),
  };
}

test("publishes once a pull, however many lines it brought", async () => {
  const { commands, answer } = native();
  const follower = followTail(commands, "status=5xx");
  const told = vi.fn();
  follower.subscribe(told);
  await answer({ events: [lines(400), lines(600)], dropped: 12 });
  await vi.waitUntil(() => follower.getView().ring.came === 1_000);
  expect(told).toHaveBeenCalledTimes(1);
  expect(commands.tailOpen).toHaveBeenCalledWith("status=5xx");
  expect(follower.getView()).toMatchObject({ status: { phase: "open" }, unreadable: false });
  expect(follower.getView().ring).toMatchObject({ sampled: 6, dropped: 12 });
  follower.close();
});

test("a tail that broke is said, opened again, and keeps its lines", async () => {
  const { commands, answer, fail } = native();
  const follower = followTail(commands, "", 0);
  await answer({ events: [lines(2)] });
  await fail("there is no tail 1");
  await vi.waitUntil(() => follower.getView().status.phase === "broken");
  await answer({ events: [lines(1)] });
  await vi.waitUntil(() => follower.getView().status.phase === "open");
  expect(commands.tailOpen).toHaveBeenCalledTimes(2);
  expect(follower.getView().ring.lines.length).toBe(3);
  follower.close();
});

test("closed, it closes its tail and says nothing more", async () => {
  const { commands, answer } = native();
  const follower = followTail(commands, "");
  await answer({});
  await vi.waitUntil(() => commands.tailPull.mock.calls.length === 2);
  const last = follower.getView();
  follower.close();
  await answer({ events: [lines(1)] });
  await vi.waitUntil(() => commands.tailClose.mock.calls.length > 0);
  expect(commands.tailClose).toHaveBeenCalledWith(1);
  expect(follower.getView()).toBe(last);
});

test("what cannot be read is said, and the rest is shown", async () => {
  const { commands, answer } = native();
  const follower = followTail(commands, "");
  await answer({ events: [{ name: "lines", data: "{" }, lines(1), { name: "other", data: "{}" }] });
  await vi.waitUntil(() => follower.getView().ring.came === 1);
  expect(follower.getView().unreadable).toBe(true);
  follower.close();
});
