import { beforeAll, beforeEach, expect, test, vi } from "vitest";

const [ANNA, BEN] = [`0x${"a".repeat(64)}`, `0x${"b".repeat(64)}`];

/** A tab: modules of its own, and a channel to the other ones. */
async function openTab() {
  vi.resetModules();
  const visit = await import("../src/app/visit");
  const { queryClient } = await import("../src/app/query");
  const { meQuery } = await import("../src/app/queries");
  visit.followSession();
  const knows = (wallet_address: string) =>
    queryClient.setQueryData(meQuery.queryKey, {
      wallet_address,
      alert_email: null,
      billing_profile: { name: "", address_lines: [], country: "", tax_id: "" },
      closing_at: null,
      created_at: "2026-11-22T14:31:58Z",
      display_name: "",
      status: "active",
    });
  return { ...visit, knows };
}

/** What one tab tells the others comes a moment later, on a machine that builds beside it much later. */
vi.setConfig({ testTimeout: 60_000 });
const PATIENCE = { timeout: 30_000 };

/** As another tab that found the session ended. It is closed by whoever has seen that it was heard. */
function tellAll(message: object): BroadcastChannel {
  const channel = new BroadcastChannel("suiftly-session");
  channel.postMessage(message);
  return channel;
}

type Tab = Awaited<ReturnType<typeof openTab>>;
let one: Tab;
let other: Tab;

beforeAll(async () => {
  one = await openTab();
  other = await openTab();
}, 60_000);

/** Both are inside, and know whose pages they show. */
beforeEach(() => {
  for (const tab of [one, other]) {
    tab.stayOutside();
    tab.enter(ANNA);
    tab.knows(ANNA);
  }
});

test("whoever signs out of one tab is out of all", async () => {
  one.leave();
  expect(one.currentVisit()).toEqual({ is: "outside" });
  await vi.waitFor(() => expect(other.currentVisit()).toEqual({ is: "outside" }), PATIENCE);
});

test("a session that ended keeps the pages, and goes on in all tabs once its account signs in", async () => {
  const before = other.currentVisit();
  const third = tellAll({ is: "ended" });
  for (const tab of [one, other]) {
    await vi.waitFor(
      () => expect(tab.currentVisit()).toMatchObject({ is: "inside", ended: true }),
      PATIENCE,
    );
  }
  third.close();
  one.arrive(ANNA);
  expect(one.currentVisit()).toMatchObject({ is: "inside", ended: false });
  await vi.waitFor(() => expect(other.currentVisit()).toEqual(before), PATIENCE);
});

test("another account begins afresh everywhere", async () => {
  expect(other.knownAddress()).toBe(ANNA);
  one.arrive(BEN);
  await vi.waitFor(() => expect(other.knownAddress()).toBeNull(), PATIENCE);
  expect(other.currentVisit()).toMatchObject({ is: "inside", ended: false });
});

test("a tab that is outside comes in with the others", async () => {
  one.leave();
  await vi.waitFor(() => expect(other.currentVisit().is).toBe("outside"), PATIENCE);
  one.arrive(ANNA);
  await vi.waitFor(() => expect(other.currentVisit().is).toBe("inside"), PATIENCE);
});
