import { readFileSync } from "node:fs";
import { bcs } from "@mysten/sui/bcs";
import { Transaction } from "@mysten/sui/transactions";
import {
  deriveDynamicFieldID,
  deriveObjectID,
  fromBase64,
  fromHex,
  toHex,
} from "@mysten/sui/utils";
import { verifyTransactionSignature } from "@mysten/sui/verify";
import { expect, test } from "vitest";

interface Built {
  name: string;
  by: "operator" | "owner";
  commands: { call: string; arguments: string[] }[];
  digest: string;
  signature: string;
  bytes: string;
}

interface Transactions {
  contract: { package: string; coin: string };
  terms: { gas_price: number; gas_budget: number; epoch: number; chain: string; salt: number };
  keys: Record<Built["by"], { address: string }>;
  transactions: Built[];
}

interface Ids {
  accounts: { house: string; owner: string; account: string }[];
  nonces: { account: string; nonce: string; field: string }[];
}

type Data = ReturnType<Transaction["getData"]>;
type Argument = { $kind: string; Input?: number; Result?: number; NestedResult?: number[] };

/** What Rust builds and signs, byte for byte. */
function file<T>(name: string): T {
  const at = new URL(`../../../api/settlement/sui/tests/data/${name}`, import.meta.url);
  return JSON.parse(readFileSync(at, "utf8"));
}

const { contract, terms, keys, transactions } = file<Transactions>("transactions.json");

function input(value: Data["inputs"][number]): string {
  if (value.Pure) return toHex(fromBase64(value.Pure.bytes));
  if (value.FundsWithdrawal) {
    const { reservation, typeArg, withdrawFrom } = value.FundsWithdrawal;
    expect([typeArg.Balance, withdrawFrom.$kind]).toEqual([contract.coin, "Sender"]);
    return `withdraws ${reservation.MaxAmountU64}`;
  }
  const shared = value.Object?.SharedObject;
  if (shared) {
    const access = shared.mutable ? "written" : "read";
    return `${shared.objectId} since ${shared.initialSharedVersion}, ${access}`;
  }
  const owned = value.Object?.ImmOrOwnedObject;
  return `${owned?.objectId} at ${owned?.version}`;
}

function commands(data: Data): Built["commands"] {
  const shown = (argument: Argument) => {
    const from = argument.Input === undefined ? undefined : data.inputs[argument.Input];
    return from ? input(from) : `result ${argument.Result ?? argument.NestedResult?.join(".")}`;
  };
  return data.commands.map(({ MoveCall, SplitCoins, MergeCoins }) => {
    if (MoveCall) {
      expect(MoveCall.typeArguments).toEqual([contract.coin]);
      const call = `${MoveCall.package}::${MoveCall.module}::${MoveCall.function}`;
      return { call, arguments: MoveCall.arguments.map(shown) };
    }
    if (SplitCoins) {
      return { call: "SplitCoins", arguments: [SplitCoins.coin, ...SplitCoins.amounts].map(shown) };
    }
    const merged = MergeCoins ? [MergeCoins.destination, ...MergeCoins.sources] : [];
    return { call: "MergeCoins", arguments: merged.map(shown) };
  });
}

test.each(transactions)("$name says what it does, and is signed", async (built) => {
  const bytes = fromHex(built.bytes);
  const transaction = Transaction.from(bytes);
  const data = transaction.getData();
  const sender = keys[built.by].address;
  expect(data.sender).toBe(sender);
  expect(commands(data)).toEqual(built.commands);
  expect(await transaction.getDigest()).toBe(built.digest);
  expect(toHex(await transaction.build())).toBe(built.bytes);
  await verifyTransactionSignature(bytes, built.signature, { address: sender });
  await expect(
    verifyTransactionSignature(bytes.with(-1, 1), built.signature, { address: sender }),
  ).rejects.toThrow();

  const { owner, price, budget, payment } = data.gasData;
  expect([owner, Number(price), Number(budget)]).toEqual([
    sender,
    terms.gas_price,
    terms.gas_budget,
  ]);
  const epoch = String(terms.epoch);
  if (built.by === "operator") {
    // Gas out of the address balance, in this epoch alone.
    expect(payment).toEqual([]);
    expect(data.expiration?.ValidDuring).toMatchObject({
      minEpoch: epoch,
      maxEpoch: epoch,
      chain: terms.chain,
      nonce: terms.salt,
    });
  } else {
    expect(payment).toHaveLength(1);
    expect(String(data.expiration?.Epoch)).toBe(epoch);
  }
});

test("every act of the contract is among them", () => {
  const calls = transactions.flatMap(({ commands }) => commands.map(({ call }) => call));
  const escrow = `${contract.package}::escrow::`;
  const functions = calls.filter((call) => call.startsWith(escrow));
  expect(new Set(functions.map((call) => call.slice(escrow.length)))).toEqual(
    new Set([
      "charge",
      "refund",
      "release_withdrawal",
      "pay_withdrawal",
      "close",
      "open",
      "deposit",
      "request_withdrawal",
      "cancel_withdrawal",
      "set_limit",
    ]),
  );
});

test("accounts and nonces have the ids that the SDK derives", () => {
  const { accounts, nonces } = file<Ids>("ids.json");
  for (const { house, owner, account } of accounts) {
    expect(deriveObjectID(house, "address", bcs.Address.serialize(owner).toBytes())).toBe(account);
  }
  for (const { account, nonce, field } of nonces) {
    const key = bcs.byteVector().serialize(fromHex(nonce)).toBytes();
    expect(deriveDynamicFieldID(account, "vector<u8>", key)).toBe(field);
  }
});
