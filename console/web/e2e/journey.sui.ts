// An owner's funds where the escrow is a contract on Sui: deposited, limited and asked back by the wallet's signature. Each
// step is held against what the chain itself then shows, what the API and its ledger then say, and what is on screen.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Billing, StatementView, TransactionPage } from "@suiftly/ui/api/customer";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, read } from "./account";
import { violations } from "./axe";
import { openSession, type Session } from "./browser";
import { accountOf, shown, tell } from "./chain";
import { readEnvironment } from "./environment";

const environment = readEnvironment();
const SUI = "0x2::sui::SUI";
const ONE_SUI = 1_000_000_000;
const UNITS_PER_CENT = 10_000;
/** What new customers begin with. */
const FIRST_LIMIT_CENTS = 25_000;
const MICRO_USD_PER_CENT = 10_000;
/** A press that takes longer is on something that is gone. */
const PRESS_MS = 1_000;
const CONNECTED_MS = 45_000;
/** Withdrawals are looked after every few seconds, among everybody's charges. */
const PAID_MS = 90_000;
let session: Session;
let wallet = "";

beforeAll(async () => {
  mkdirSync(environment.shots, { recursive: true });
  session = await openSession(environment);
});

afterAll(async () => {
  await session?.browser.close();
});

const page = () => session.page;
const go = (path: string) => page().goto(`${environment.url}${path}`);
const money = () => read<Billing>(page(), "/billing");
const onChain = () => accountOf(wallet);
const form = () => page().getByRole("form", { name: "Deposit" });
const says = () => page().getByTestId("says");

/** Funds out of nowhere, as a coin object: what a wallet has. */
async function give(coin: string, amount: number) {
  await tell(`faucet ${wallet} ${coin} ${amount} coin`);
}

async function pressDeposit(cents: number) {
  await go(`/billing?deposit=${cents}`);
  await form().getByRole("button", { name: "Deposit", exact: true }).click();
}

/** Looks at what is to be signed, connects the wallet if it is not yet, and signs. */
async function sign(words: RegExp) {
  await says().waitFor();
  expect(await says().textContent()).toMatch(words);
  const press = page().getByRole("button", { name: "Sign in Development wallet" });
  await connect(press);
  expect(await violations(page())).toEqual([]);
  await page().screenshot({ path: join(environment.shots, "sui-signing.png") });
  await press.click();
}

/** A wallet that was used before connects by itself, at any moment: it may be gone from the list when it is pressed there. */
async function connect(press: Locator) {
  const choose = page().getByRole("button", { name: /^Development wallet/ });
  const isConnected = async () => {
    if ((await press.count()) === 0) {
      await choose.click({ timeout: PRESS_MS }).catch(() => undefined);
    }
    return (await press.count()) > 0;
  };
  await expect.poll(isConnected, { timeout: CONNECTED_MS, interval: 50 }).toBe(true);
}

const balanceShown = () => page().getByTestId("escrow-balance").textContent();

/** What escrow and owner have moved, by the books; in the order in which it was posted. */
async function posted() {
  const { rows, closing } = await read<StatementView>(page(), "/billing/statement");
  const moved = rows.map(({ kind, amount_micro_usd }) => ({
    kind,
    cents: amount_micro_usd / MICRO_USD_PER_CENT,
  }));
  return { moved, inEscrow: closing.escrow_micro_usd / MICRO_USD_PER_CENT };
}

describe("an owner's funds", () => {
  test("a wallet signs in", async () => {
    await go("/billing");
    await page()
      .getByRole("button", { name: /^Development wallet/ })
      .click();
    await page().getByRole("button", { name: "Sign in", exact: true }).click();
    await page().getByRole("heading", { level: 1, name: "Billing" }).waitFor();
    wallet = (await read<{ wallet_address: string }>(page(), "/me")).wallet_address;
    session.complaints.length = 0;
  });

  test("a wallet without funds is told so, and nothing is signed", async () => {
    await pressDeposit(5_000);
    await page().getByText("wallet_short").waitFor();
    await page().getByRole("button", { name: "Do not sign" }).click();
    await form().getByText("not_signed").waitFor();
    expect(await onChain()).toBeUndefined();
    // The server's refusal is written to the console by the browser itself.
    session.complaints.length = 0;
  });

  test("the first deposit opens the account", async () => {
    const coin = (await shown()).houses[0]?.coin ?? "";
    await give(coin, 100 * 100 * UNITS_PER_CENT);
    await give(SUI, ONE_SUI);
    await pressDeposit(5_000);
    await sign(/Opens your account.*Puts \$50\.00 into it.*at most \$250\.00/);
    await page()
      .getByText(/^Deposited \$50\.00/)
      .waitFor();
    expect(await onChain()).toMatchObject({
      balance: 5_000 * UNITS_PER_CENT,
      limit: FIRST_LIMIT_CENTS * UNITS_PER_CENT,
    });
    await eventually(money, ({ balance_usd_cents }) => balance_usd_cents === 5_000);
    await eventually(balanceShown, (shown) => shown === "$50.00");
    expect(await posted()).toEqual({ moved: [{ kind: "deposit", cents: 5_000 }], inEscrow: 5_000 });
    await page().screenshot({ path: join(environment.shots, "sui-deposited.png") });
  });

  test("what is not signed is not done", async () => {
    const before = await onChain();
    await pressDeposit(1_000);
    await says().waitFor();
    await page().keyboard.press("Escape");
    await form().getByText("not_signed").waitFor();
    expect(await onChain()).toEqual(before);
  });

  test("another deposit is added", async () => {
    await pressDeposit(1_000);
    await sign(/^Puts \$10\.00 into your escrow\.$/);
    await page()
      .getByText(/^Deposited \$10\.00/)
      .waitFor();
    expect(await onChain()).toMatchObject({ balance: 6_000 * UNITS_PER_CENT });
    await eventually(money, ({ balance_usd_cents }) => balance_usd_cents === 6_000);
    await eventually(balanceShown, (shown) => shown === "$60.00");
  });

  test("a limit is set", async () => {
    await go("/billing?limit=2000");
    await page().getByRole("button", { name: "Set the limit to $20.00" }).click();
    await sign(/^A month may be charged at most \$20\.00 from now on\.$/);
    await page()
      .getByText(/^The limit is \$20\.00 a month/)
      .waitFor();
    expect(await onChain()).toMatchObject({ limit: 2_000 * UNITS_PER_CENT });
    await eventually(money, ({ max_monthly_usd_cents }) => max_monthly_usd_cents === 2_000);
  });

  test("funds are asked back", async () => {
    await go("/billing");
    await page().getByRole("button", { name: "Withdraw", exact: true }).click();
    const dialog = page().getByRole("dialog");
    await dialog.getByLabel("Amount").fill("7");
    await dialog.getByRole("button", { name: "Withdraw $7.00" }).click();
    await sign(/^Asks for \$7\.00 back\./);
    await page()
      .getByText(/^Withdrawal of \$7\.00 asked for/)
      .waitFor();
    const entries = (await onChain())?.entries ?? 0;
    expect(entries).toBeGreaterThanOrEqual(5);
  });

  test("they are paid, on the chain and in the books, since nothing is owed", async () => {
    await eventually(money, ({ balance_usd_cents }) => balance_usd_cents === 5_300, PAID_MS);
    expect(await onChain()).toMatchObject({ balance: 5_300 * UNITS_PER_CENT, waiting: [] });
    expect(await posted()).toEqual({
      moved: [
        { kind: "deposit", cents: 5_000 },
        { kind: "deposit", cents: 1_000 },
        { kind: "withdrawal", cents: 700 },
      ],
      inEscrow: 5_300,
    });
    await go("/billing");
    await eventually(balanceShown, (shown) => shown === "$53.00");
  });

  test("each of them is among the transactions, named by its digest", async () => {
    const { items } = await read<TransactionPage>(page(), "/billing/transactions");
    const kinds = items.map(({ kind, amount_usd_cents }) => `${kind} ${amount_usd_cents}`);
    expect(kinds).toEqual([
      "withdrawal 700",
      "withdrawal_requested 700",
      "limit 2000",
      "deposit 1000",
      "deposit 5000",
      `limit ${FIRST_LIMIT_CENTS}`,
    ]);
    await go("/billing/transactions");
    await page().getByText("Withdrawal asked for").first().waitFor();
    const digests = new Set(items.map(({ digest }) => digest.split(":")[0] ?? ""));
    // The first deposit has opened the account: both are one transaction.
    expect(digests.size).toBe(5);
    for (const digest of digests) {
      expect(await page().getByTitle(digest).count()).toBeGreaterThan(0);
    }
    await page().screenshot({ path: join(environment.shots, "sui-transactions.png") });
  });

  test("the browser had nothing to complain of", () => {
    expect(session.complaints).toEqual([]);
  });
});
