// An operator's work in the real window, from what is seen to what is done about it. Each act is held against the API,
// the gateway or the database's records.
import type {
  NoticePage,
  Quarantine,
  QuarantineReasons,
  RecordPage,
  VaultStatus,
} from "@suiftly/ui/api/admin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, askUntil, REFUSED } from "../../testing/gateway";
import { APPLICATION } from "./environment";
import { type ConsoleWindow, type Display, openDisplay, openWindow } from "./processes";
import { Screen } from "./screen";
import { ADMIN_URL, demoCustomers, GATEWAY, read, restart, sendLines, TOKEN_FILE } from "./system";
import { until } from "./until";

const [first, second] = demoCustomers();
if (!first || !second) throw new Error("the demonstration has no two customers with keys for Seal");

let display: Display;
let console_: ConsoleWindow;
let screen: Screen;

beforeAll(async () => {
  display = await openDisplay();
  console_ = await openWindow(APPLICATION, display, {
    SUIFTLY_URL: ADMIN_URL,
    SUIFTLY_TOKEN_FILE: TOKEN_FILE,
  });
  screen = new Screen(console_.page);
  await screen.comesAlive();
});

afterAll(async () => {
  await console_?.close();
  await display?.stop();
});

test("the palette finds a customer by a few letters", async () => {
  await screen.pressHook("find");
  const { page } = console_;
  await until("the palette", () =>
    page.run(() => document.querySelector("dialog[open] input") !== null),
  );
  await page.type("dialog[open] input", second.customer.slice(0, 5));
  await screen.see(second.customer);
  await page.press("\uE007");
  await until("the customer's page", () =>
    page.run((id) => location.hash.includes(`/customers/${id}`), String(second.customer_id)),
  );
  expect(await screen.text("customer-name")).toContain(second.customer);
});

describe("the live tail", () => {
  const statuses = () => screen.texts("main [data-column=status]");

  test("shows lines as they come", async () => {
    await screen.go("/tail");
    await until("lines", async () => (await statuses()).length > 5);
  });

  test("filters them", async () => {
    await screen.go("/tail?status=4xx");
    await until("lines of the filter alone", async () => {
      const seen = await statuses();
      return seen.length > 3 && seen.every((status) => /^4\d\d$/.test(status));
    });
  });

  test("is held with the screen", async () => {
    await screen.go("/tail");
    await until("lines", async () => (await statuses()).length > 5);
    await console_.page.press(" ");
    await screen.see("Space lets go");
    const shown = () => screen.texts("main [data-column=seq]");
    const held = await shown();
    const before = (await read<{ epoch: number }>("/pipeline")).epoch;
    await until(
      "the server to go on",
      async () => (await read<{ epoch: number }>("/pipeline")).epoch > before + 20,
    );
    expect(await shown()).toEqual(held);
    await console_.page.press(" ");
    await until("lines that move again", async () => String(await shown()) !== String(held));
  });
});

test("a spike is drilled to its raw line, and the line to the bill", async () => {
  const BURST = 120;
  const path = `${GATEWAY}/broken`;
  const begun = new Date(Date.now() - 2_000).toISOString();
  for (let sent = 0; sent < BURST; sent += 1) expect(await ask(path, first.key)).toBe(500);
  await screen.go("/drill");
  // The spike is found, or chosen: the minute that fills now. Then the cell, one of its lines, its place in the bill.
  await screen.see("Cells that make it");
  await screen.press(/500/, "[role=table][aria-label=Cells]");
  const statuses = () => screen.texts(".drill-lines [data-column=status]");
  await until("lines that ended in 500", async () => {
    const seen = await statuses();
    return seen.length > 0 && seen.every((status) => status === "500");
  });
  await screen.press(/500/, ".drill-lines");
  await screen.see("One request");
  const bill = () => screen.text("drill-bill");
  await until("why it is not billed", async () => /server error/i.test(await bill()));
  await until("its hour counted again, equal", async () => /equal/i.test(await bill()));
  const { items } = await read<RecordPage>(
    `/records?from=${begun}&status=500&customer_id=${first.customer_id}&limit=200`,
  );
  expect(items.length).toBeGreaterThanOrEqual(BURST);
});

test("a customer is suspended and HAProxy refuses the next request; taken back, it serves", async () => {
  const door = `${GATEWAY}/v1/service`;
  expect(await askUntil(door, second.key, [200])).toBeGreaterThanOrEqual(0);
  await screen.go(`/customers/${second.customer_id}`);
  await screen.pressHook("act-suspend");
  await screen.fill("Reason", "seen in the window's test");
  await screen.fill(/^Type .* to confirm/, second.customer);
  await screen.press("Suspend", "dialog[open]");
  const refused = await askUntil(door, second.key, REFUSED);
  console.log(`refused ${refused.toFixed(0)} ms after it was pressed`);
  await until("the word on the page", async () =>
    /suspended/i.test(await screen.text("customer-state")),
  );
  const { items } = await read<{ items: { action: string; actor: string; customer_id: number }[] }>(
    `/audit?customer_id=${second.customer_id}&limit=5`,
  );
  expect(items.map(({ action }) => action)).toContain("customer.suspend");
  await screen.pressHook("act-activate");
  await screen.press("Take it back", "dialog[open]");
  await askUntil(door, second.key, [200]);
});

test("a line that nobody can read is replayed after its format is fixed", async () => {
  const BYTES = 424_242;
  const TOOK_MS = 4_321;
  // Of this run alone: a format stays published.
  const shop = `shop-${Date.now().toString(36)}`;
  const LINES = 3;
  const body = (at: number) =>
    `${shop} 200 ${BYTES + at} 0/0/1/4320/${TOOK_MS} -- seal/s1 ${first.customer_id}`;
  const begun = new Date(Date.now() - 2_000).toISOString();
  await sendLines(Array.from({ length: LINES }, (_, at) => body(at)));
  await until("them in the quarantine", async () => {
    const { lines } = await read<Quarantine>("/quarantine?reason=unknown_format");
    return lines.filter(({ text }) => text.includes(`${shop} 200`)).length >= LINES;
  });
  /** The number beside the page's name; null where nothing waits. */
  const badge = () =>
    console_.page.run(() => {
      const link = document.querySelector("[data-testid=nav-quarantine]");
      if (!link) throw new Error("no way to the quarantine");
      return link.querySelector(".nav-count")?.textContent ?? null;
    });
  await until("a number beside the quarantine", badge);
  await screen.go("/quarantine?reason=unknown_format&tab=fix");
  const rows = () =>
    console_.page.run(() => document.querySelectorAll(".attribution select").length);
  const attribute = async (name: string, value: string) => {
    const before = await rows();
    await screen.pressHook("add-attribute");
    // The last one is the new one only once it is drawn.
    await until("a row for it", async () => (await rows()) > before);
    await console_.page.run((name) => {
      const select = [...document.querySelectorAll<HTMLSelectElement>(".attribution select")].at(
        -1,
      );
      if (!select) throw new Error("no row");
      const set = Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value")?.set;
      set?.call(select, name);
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }, name);
    await console_.page.type(".attribution-row:last-of-type input", value);
  };
  // First as somebody mistypes it: the window says where.
  await screen.fill("Log-format string", `${shop} %ST %B %TR/%Tw/%Tc/%Tr/%Ta %ts %b/%zz`);
  await until("the mistake told", () =>
    console_.page.run(() => document.querySelector("[data-testid=format-error]")?.textContent),
  );
  await screen.fill(
    "Log-format string",
    `${shop} %ST %B %TR/%Tw/%Tc/%Tr/%Ta %ts %b/%s %[var(txn.cid)]`,
  );
  await attribute("customer", "var(txn.cid)");
  await attribute("traffic", "=1");
  await attribute("service", "=seal");
  await attribute("network", "=mainnet");
  await until(
    "all of them read",
    async () => (await screen.texts("[data-testid=tried][data-fits=true]")).length >= LINES,
  );
  await screen.fill("Name of the format", shop);
  await screen.pressHook("publish-replay");

  const records = async () => {
    const query = `from=${begun}&customer_id=${first.customer_id}&time_total_min_ms=${TOOK_MS}&limit=200`;
    const { items } = await read<RecordPage>(`/records?${query}`);
    return items.filter(({ bytes_sent }) => bytes_sent >= BYTES).length;
  };
  await until("each of them a record, once", async () => (await records()) === LINES);
  await until("nothing that waits there, as the API says", async () => {
    const { reasons } = await read<QuarantineReasons>("/quarantine/reasons");
    return reasons.every(({ waiting }) => waiting === 0);
  });
  await until("no number beside the quarantine", async () => (await badge()) === null);
  await sendLines([body(LINES)]);
  await until("the next, read as it comes", async () => (await records()) === LINES + 1);
});

test("a notification is acknowledged", async () => {
  // New ones come meanwhile, so those that are open may be as many as before.
  const told = async (isOpen: boolean) => {
    const { items } = await read<NoticePage>("/notifications?state=all&limit=100");
    return items.filter(({ acknowledged_at }) => (acknowledged_at == null) === isOpen).length;
  };
  await until("a notification", async () => (await told(true)) > 0);
  const before = await told(false);
  await screen.go("/notifications");
  await screen.press(/./, "main [role=table]");
  await screen.pressHook("acknowledge");
  await until("one more that is acknowledged", async () => (await told(false)) > before);
});

test("the vault is frozen and released, as the API then says", async () => {
  const status = () => read<VaultStatus>("/vault/status");
  const version = (await status()).version?.version;
  await screen.go("/fleet");
  await screen.pressHook("vault-freeze");
  await screen.fill("Why", "seen in the window's test");
  await screen.fill(/^Type .* to confirm/, String(version));
  await screen.press("Freeze", "dialog[open]");
  await until("it frozen", async () => (await status()).frozen !== null);
  await screen.pressHook("vault-thaw");
  await screen.press("Thaw", "dialog[open]");
  await until("it released", async () => (await status()).frozen == null);
});

test("it follows the server through a restart, and says so meanwhile", async () => {
  const epoch = () =>
    console_.page.run(() =>
      Number(document.querySelector<HTMLElement>("[data-testid=epoch]")?.dataset.value),
    );
  const outage = () =>
    console_.page.run(() => document.querySelector("[data-testid=outage]") !== null);
  const before = await epoch();
  // Told while the server is away: it is looked for before the restart is over.
  await Promise.all([until("the outage told", outage), restart()]);
  const begun = performance.now();
  await until("figures that move again", async () => (await epoch()) > before + 5);
  console.log(
    `figures moved again ${((performance.now() - begun) / 1_000).toFixed(1)} s after the restart`,
  );
  await until("no outage told", async () => !(await outage()));
});
