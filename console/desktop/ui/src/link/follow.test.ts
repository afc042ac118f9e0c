import { expect, test, vi } from "vitest";
import { aPipeline, message, snapshot } from "../testing";
import type { Batch, Opened } from "./commands";
import { type Following, follow } from "./follow";

/** The native side as a test plays it: each pull waits for `answer`. */
function native(address = "http://one") {
  let session = 0;
  let asked: ((batch: Batch) => void) | undefined;
  const opened = (at: string): Opened => ({
    session: ++session,
    address: at,
    unencrypted: false,
    profile: null,
    kept: false,
  });
  const commands = {
    open: vi.fn(async () => opened(address)),
    connect: vi.fn(async (target: { address: string }) => opened(target.address)),
    pull: vi.fn((_session: number) => new Promise<Batch>((resolve) => (asked = resolve))),
  } satisfies Following;
  return {
    commands,
    async answer(batch: Partial<Batch>) {
      await vi.waitUntil(() => asked !== undefined);
      const resolve = asked;
      asked = undefined;
      resolve?.({ session, status: { phase: "open" }, events: [], ...batch });
    },
  };
}

test("shows what is pulled, and how the connection stands", async () => {
  const { commands, answer } = native();
  const follower = follow(commands);
  await answer({ events: [message("pipeline", aPipeline()), message("snapshot", snapshot())] });
  await vi.waitUntil(() => follower.getView().status.phase === "open");
  const { server, address } = follower.getView();
  expect(address).toBe("http://one");
  expect(server.usage.pipeline?.lines.received).toBe(100);
  expect(server.usage.usage?.epoch).toBe(812);
  follower.close();
});

test("a failed native side is said and not asked in a circle", async () => {
  const { commands } = native();
  const follower = follow({ ...commands, pull: () => Promise.reject("gone") });
  await vi.waitUntil(() => follower.getView().status.phase === "broken");
  expect(follower.getView().status).toEqual({ phase: "broken", reason: "gone" });
  expect(commands.open).toHaveBeenCalledTimes(1);
});

test("another server's figures start from nothing, and a late answer of the old one is dropped", async () => {
  const { commands, answer } = native();
  const follower = follow(commands);
  await answer({ events: [message("snapshot", snapshot())] });
  await vi.waitUntil(() => follower.getView().server.usage.usage !== null);
  await vi.waitUntil(() => commands.pull.mock.calls.length === 2);
  await follower.connect({ address: "http://two", token: "token", profile: null, keep: false });
  expect(follower.getView().server.usage.usage).toBeNull();
  await answer({ session: 1, events: [message("snapshot", snapshot({ epoch: 5 }))] });
  await vi.waitUntil(() => commands.pull.mock.calls.at(-1)?.[0] === 2);
  expect(follower.getView().server.usage.usage).toBeNull();
  follower.close();
});

test("trying again keeps the last good figures", async () => {
  const { commands, answer } = native();
  const follower = follow(commands);
  await answer({ events: [message("snapshot", snapshot())] });
  await vi.waitUntil(() => follower.getView().server.usage.usage !== null);
  await follower.retry();
  expect(follower.getView().server.usage.usage?.epoch).toBe(812);
  expect(follower.getView().server.usage.awaitingSnapshot).toBe(true);
  follower.close();
});

test("a session begun elsewhere is taken over", async () => {
  const { commands, answer } = native();
  const follower = follow(commands);
  await answer({ session: 99, events: [] });
  await vi.waitUntil(() => commands.pull.mock.calls.at(-1)?.[0] === 2);
  expect(commands.open).toHaveBeenCalledTimes(2);
  follower.close();
});
