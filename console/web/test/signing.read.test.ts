// What the bytes of a transaction say: those that Rust builds, and those that somebody else might put in their place.

import { readFileSync } from "node:fs";
import { bcs } from "@mysten/sui/bcs";
import { Transaction } from "@mysten/sui/transactions";
import { fromHex, toBase64 } from "@mysten/sui/utils";
import { describe, expect, test } from "vitest";
import { accountOf, readTransaction, type Whose, walletForm } from "../src/billing/signing/read";
import { Unexpected } from "../src/billing/signing/unexpected";
import { checkOrder, says } from "../src/billing/signing/words";

interface Golden {
  contract: { package: string; house: { id: string; initial_version: number }; coin: string };
  account: { id: string };
  keys: { owner: { address: string }; operator: { address: string } };
  transactions: { name: string; bytes: string }[];
}

const at = new URL("../../../api/settlement/sui/tests/data/transactions.json", import.meta.url);
const golden: Golden = JSON.parse(readFileSync(at, "utf8"));
const { contract, keys } = golden;

const WHOSE: Whose = {
  wallet: keys.owner.address,
  sui: {
    network: "testnet",
    package: contract.package,
    house: contract.house.id,
    coin: contract.coin,
    units_per_cent: 10_000,
  },
};

function bytes(name: string): string {
  const found = golden.transactions.find((one) => one.name === name);
  return toBase64(fromHex(found?.bytes ?? ""));
}

function read(name: string) {
  return readTransaction(bytes(name), WHOSE);
}

describe("what Rust builds is read as what it is", () => {
  const cases = [
    ["open", { act: "open", first: 50_000_000n, limit: 250_000_000n }],
    ["open_empty", { act: "open", first: 0n, limit: 0n }],
    ["deposit", { act: "deposit", amount: 20_000_000n }],
    ["request", { act: "withdraw", amount: 10_000_000n }],
    ["set_limit", { act: "limit", limit: 0n }],
  ] as const;
  test.each(cases)("%s", (name, expected) => {
    const { says, account, gasBudgetMist } = read(name);
    expect(says).toEqual(expected);
    expect(account).toBe(golden.account.id);
    expect(gasBudgetMist).toBe(50_000_000n);
  });

  test("a package and a coin may be written short", () => {
    const short = (id: string) => id.replace(/^0x0+/, "0x");
    const sui = { ...WHOSE.sui, package: short(contract.package), coin: short(contract.coin) };
    expect(readTransaction(bytes("open"), { ...WHOSE, sui }).says.act).toBe("open");
  });

  test("what a wallet is handed is the same transaction, and no node is asked for it", async () => {
    const form = await walletForm(bytes("open"));
    expect(toBase64(await Transaction.from(form).build())).toBe(bytes("open"));
  });
});

describe("what is about something else is not signed", () => {
  const other = `0x${"7".repeat(64)}`;
  const sui = WHOSE.sui;
  const cases: readonly [string, string, Whose, RegExp][] = [
    ["another wallet’s", "open", { ...WHOSE, wallet: other }, /another wallet’s/],
    ["another contract", "open", { ...WHOSE, sui: { ...sui, package: other } }, /another contract/],
    ["another house", "open", { ...WHOSE, sui: { ...sui, house: other } }, /another house/],
    ["another coin", "open", { ...WHOSE, sui: { ...sui, coin: "0x2::sui::SUI" } }, /another coin/],
    ["another act", "cancel", WHOSE, /cancel_withdrawal/],
  ];
  test.each(cases)("%s", (_, name, whose, why) => {
    expect(() => readTransaction(bytes(name), whose)).toThrow(why);
  });
  test.each(["", "AA==", "not base64"])("%j", (text) => {
    expect(() => readTransaction(text, WHOSE)).toThrow(Unexpected);
  });
});

/** A deposit with something about it that is not as it should be. */
async function tampered(change: (tx: Transaction) => void) {
  const tx = new Transaction();
  tx.setSender(WHOSE.wallet);
  tx.setGasOwner(WHOSE.wallet);
  tx.setGasPrice(1_000);
  tx.setGasBudget(1_000);
  tx.setGasPayment([coin("9")]);
  change(tx);
  return toBase64(await tx.build());
}

function coin(digit: string) {
  return { objectId: `0x${digit.repeat(64)}`, version: "1", digest: "1".repeat(32) };
}

function shared(tx: Transaction, objectId: string, mutable: boolean) {
  return tx.sharedObjectRef({ objectId, initialSharedVersion: 1, mutable });
}

type Arguments = Parameters<Transaction["moveCall"]>[0]["arguments"];

function deposit(tx: Transaction, funds: Arguments, account = golden.account.id) {
  tx.moveCall({
    target: `${contract.package}::escrow::deposit`,
    typeArguments: [contract.coin],
    arguments: [
      shared(tx, contract.house.id, false),
      shared(tx, account, true),
      ...(funds ?? []),
      shared(tx, "0x6", false),
    ],
  });
}

function split(tx: Transaction, amounts = [10_000]) {
  return tx.splitCoins(tx.objectRef(coin("c")), amounts);
}

describe("a deposit that does more than it says is not signed", () => {
  test("as it should be", async () => {
    const made = await tampered((tx) => deposit(tx, [split(tx)]));
    expect(readTransaction(made, WHOSE).says).toEqual({ act: "deposit", amount: 10_000n });
  });
  const cases: readonly [string, (tx: Transaction) => void, RegExp][] = [
    [
      "it is for somebody else",
      (tx) => deposit(tx, [split(tx)], accountOf(keys.operator.address, contract.house.id)),
      /another account/,
    ],
    [
      "it gives coins away after",
      (tx) => {
        deposit(tx, [split(tx)]);
        tx.transferObjects([tx.objectRef(coin("d"))], keys.operator.address);
      },
      /calls nothing/,
    ],
    [
      "it gives coins away before",
      (tx) => {
        tx.transferObjects([tx.objectRef(coin("d"))], keys.operator.address);
        deposit(tx, [split(tx)]);
      },
      /something else, too/,
    ],
    [
      "it calls twice",
      (tx) => {
        deposit(tx, [split(tx)]);
        deposit(tx, [split(tx)]);
      },
      /something else, too/,
    ],
    [
      "it splits off more",
      (tx) => {
        const [first] = tx.splitCoins(tx.objectRef(coin("c")), [10_000, 20_000]);
        deposit(tx, first === undefined ? [] : [first]);
      },
      /split otherwise/,
    ],
    ["it takes a coin whole", (tx) => deposit(tx, [tx.objectRef(coin("c"))]), /somewhere else/],
    [
      "it takes what gas is paid with",
      (tx) => deposit(tx, [tx.splitCoins(tx.gas, [10_000])]),
      /another’s/,
    ],
    ["it says more", (tx) => deposit(tx, [split(tx), tx.pure.u64(1)]), /more, or less/],
    [
      "it merges into another coin",
      (tx) => {
        tx.mergeCoins(tx.objectRef(coin("d")), [tx.objectRef(coin("e"))]);
        deposit(tx, [split(tx)]);
      },
      /merged elsewhere/,
    ],
    [
      "somebody else pays the gas, and may lock it",
      (tx) => {
        tx.setGasOwner(keys.operator.address);
        deposit(tx, [split(tx)]);
      },
      /another wallet pays/,
    ],
    [
      "an amount is a text",
      (tx) =>
        tx.moveCall({
          target: `${contract.package}::escrow::set_limit`,
          typeArguments: [contract.coin],
          arguments: [
            shared(tx, contract.house.id, false),
            shared(tx, golden.account.id, true),
            tx.pure(bcs.string().serialize("12345678")),
            shared(tx, "0x6", false),
          ],
        }),
      /amount is none/,
    ],
  ];
  test.each(cases)("%s", async (_, change, why) => {
    const made = await tampered(change);
    expect(() => readTransaction(made, WHOSE)).toThrow(why);
  });
});

describe("the bytes say what was asked for", () => {
  const cases = [
    ["open", "deposit", 5_000, true],
    ["open", "deposit", 5_001, false],
    ["open", "limit", 25_000, false],
    ["open_empty", "limit", 0, true],
    ["open_empty", "deposit", 0, true],
    ["deposit", "deposit", 2_000, true],
    ["deposit", "withdraw", 2_000, false],
    ["request", "withdraw", 1_000, true],
    ["request", "withdraw", 999, false],
    ["set_limit", "limit", 0, true],
    ["set_limit", "limit", 1_000, false],
  ] as const;
  test.each(cases)("%s for %s of %i: %s", (name, act, cents, holds) => {
    const check = () => checkOrder(read(name), { act, cents }, 10_000);
    if (holds) expect(check).not.toThrow();
    else expect(check).toThrow(Unexpected);
  });

  const words = [
    ["open", /^Opens your account.* Puts \$50\.00 into it\. .*at most \$250\.00\.$/],
    ["open_empty", /^Opens your account with the escrow\. .*there is no limit\.$/],
    ["deposit", /^Puts \$20\.00 into your escrow\.$/],
    ["request", /^Asks for \$10\.00 back\..*this wallet/],
    ["set_limit", /^Removes the limit/],
  ] as const;
  test.each(words)("%s in words", (name, expected) => {
    expect(says(read(name).says, 10_000).join(" ")).toMatch(expected);
  });
  test("parts of a cent are not rounded away", () => {
    expect(() => says({ act: "deposit", amount: 10_001n }, 10_000)).toThrow(Unexpected);
  });
});
