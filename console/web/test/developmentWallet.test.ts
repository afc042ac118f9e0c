import { Transaction } from "@mysten/sui/transactions";
import { fromBase64, toBase64 } from "@mysten/sui/utils";
import { verifyPersonalMessageSignature, verifyTransactionSignature } from "@mysten/sui/verify";
import { beforeEach, expect, test, vi } from "vitest";

const MESSAGE = new TextEncoder().encode("example.org asks you to sign in with your Sui wallet.");

function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

/** A page that was just loaded: only what is stored is still there. */
async function loadWallet() {
  vi.resetModules();
  const { offerDevelopmentWallet } = await import("../src/signin/wallet/development");
  return offerDevelopmentWallet();
}

beforeEach(() => vi.stubGlobal("localStorage", storage()));

test("it signs for each of its accounts as a Sui wallet does", async () => {
  const wallet = await loadWallet();
  wallet.add();
  const { accounts } = await wallet.features["standard:connect"].connect();
  expect(accounts).toHaveLength(2);
  for (const account of accounts) {
    const input = { message: MESSAGE, account };
    const { signature } =
      await wallet.features["sui:signPersonalMessage"].signPersonalMessage(input);
    const key = await verifyPersonalMessageSignature(MESSAGE, signature);
    expect(key.toSuiAddress()).toBe(account.address);
  }
});

test("it signs a transaction as it is, and names its bytes", async () => {
  const wallet = await loadWallet();
  const account = wallet.add();
  const transaction = new Transaction();
  transaction.setSender(account.address);
  transaction.setGasPrice(1_000);
  transaction.setGasBudget(2_000);
  const gas = { objectId: `0x${"9".repeat(64)}`, version: "1", digest: "1".repeat(32) };
  transaction.setGasPayment([gas]);
  const { bytes, signature } = await wallet.features["sui:signTransaction"].signTransaction({
    transaction,
    account,
    chain: "sui:localnet",
  });
  expect(bytes).toBe(toBase64(await transaction.build()));
  const { address } = account;
  await expect(
    verifyTransactionSignature(fromBase64(bytes), signature, { address }),
  ).resolves.toBeDefined();
});

test("its accounts outlive the page, and a new one is told of", async () => {
  const before = await loadWallet();
  const told: number[] = [];
  before.features["standard:events"].on("change", ({ accounts }) =>
    told.push(accounts?.length ?? 0),
  );
  before.add();
  expect(told).toEqual([2]);
  const after = await loadWallet();
  expect(after.accounts.map(({ address }) => address)).toEqual(
    before.accounts.map(({ address }) => address),
  );
});
