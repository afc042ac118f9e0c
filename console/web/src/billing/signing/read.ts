// What a transaction's bytes say, read strictly: sender, contract, act and amounts, and that there is nothing else in it.
// Loaded with the code of wallets alone.
import { bcs } from "@mysten/sui/bcs";
import { Transaction } from "@mysten/sui/transactions";
import {
  deriveObjectID,
  fromBase64,
  normalizeStructTag,
  normalizeSuiAddress,
} from "@mysten/sui/utils";
import type { SuiView } from "@suiftly/ui/api/customer";
import { Unexpected } from "./unexpected";

/** What the escrow is told to do; amounts in units of the coin. */
export type Says =
  | { readonly act: "open"; readonly first: bigint; readonly limit: bigint }
  | { readonly act: "deposit"; readonly amount: bigint }
  | { readonly act: "withdraw"; readonly amount: bigint }
  | { readonly act: "limit"; readonly limit: bigint };

export interface Read {
  readonly says: Says;
  /** The owner's account with the escrow. */
  readonly account: string;
  /** What it may cost in gas at most. */
  readonly gasBudgetMist: bigint;
}

/** Whose it has to be, and of which contract. */
export interface Whose {
  readonly wallet: string;
  readonly sui: SuiView;
}

type Data = ReturnType<Transaction["getData"]>;
type Command = Data["commands"][number];
type Call = NonNullable<Command["MoveCall"]>;
type Argument = Call["arguments"][number];

const CLOCK = normalizeSuiAddress("0x6");
const FRAMEWORK = normalizeSuiAddress("0x2");

/** Reads the bytes (BCS in base64), or throws `Unexpected`. */
export function readTransaction(base64: string, { wallet, sui }: Whose): Read {
  const data = parsed(base64);
  expect(data.sender === wallet, "it is another wallet’s");
  expect(data.gasData.owner === wallet, "another wallet pays for it");
  const call = data.commands.at(-1)?.MoveCall;
  if (call === undefined) throw new Unexpected("it calls nothing");
  expect(call.package === normalizeSuiAddress(sui.package), "it calls another contract");
  expect(call.module === "escrow", "it calls another part of the contract");
  expect(isCoin(call.typeArguments, sui.coin), "it is about another coin");
  const account = accountOf(wallet, sui.house);
  const says = readCall(new Reader(data, call, sui), call.function, account);
  return { says, account, gasBudgetMist: BigInt(data.gasData.budget ?? 0) };
}

/** The transaction as wallets are handed it; no node is asked for anything. */
export function walletForm(base64: string): Promise<string> {
  return Transaction.from(fromBase64(base64)).toJSON();
}

/** The id that an owner's account has. */
export function accountOf(wallet: string, house: string): string {
  return deriveObjectID(house, "address", bcs.Address.serialize(wallet).toBytes());
}

function parsed(base64: string): Data {
  try {
    return Transaction.from(fromBase64(base64)).getData();
  } catch {
    throw new Unexpected("it cannot be read");
  }
}

function readCall(reader: Reader, name: string, account: string): Says {
  switch (name) {
    case "open":
      reader.length(4).house(0, true).clock(3);
      return { act: "open", first: reader.funds(1), limit: reader.amount(2) };
    case "deposit":
      reader.length(4).house(0, false).account(1, account).clock(3);
      return { act: "deposit", amount: reader.funds(2) };
    case "request_withdrawal":
      reader.length(4).house(0, false).account(1, account).clock(3).alone();
      return { act: "withdraw", amount: reader.amount(2) };
    case "set_limit":
      reader.length(4).house(0, false).account(1, account).clock(3).alone();
      return { act: "limit", limit: reader.amount(2) };
    default:
      throw new Unexpected(`it calls ${name}`);
  }
}

/** A call's arguments, one by one. */
class Reader {
  readonly #data: Data;
  readonly #call: Call;
  readonly #sui: SuiView;

  constructor(data: Data, call: Call, sui: SuiView) {
    this.#data = data;
    this.#call = call;
    this.#sui = sui;
  }

  length(count: number) {
    expect(this.#call.arguments.length === count, "it says more, or less, than it should");
    return this;
  }

  house(at: number, writes: boolean) {
    return this.#shared(at, normalizeSuiAddress(this.#sui.house), writes, "another house");
  }

  account(at: number, account: string) {
    return this.#shared(at, account, true, "another account");
  }

  clock(at: number) {
    return this.#shared(at, CLOCK, false, "another clock");
  }

  /** Nothing is done before the call. */
  alone() {
    expect(this.#data.commands.length === 1, "it does something else, too");
    return this;
  }

  amount(at: number): bigint {
    return this.#pure(this.#call.arguments[at]);
  }

  /** What the coin has in it that is handed over: split off from coins of the sender's, or nothing. */
  funds(at: number): bigint {
    const before = this.#data.commands.slice(0, -1);
    const from = resultOf(this.#call.arguments[at]);
    expect(from === before.length - 1, "the funds come from somewhere else");
    const last = before.at(-1);
    if (last?.MoveCall) {
      expect(
        before.length === 1 && isZero(last.MoveCall, this.#sui.coin),
        "it calls something else",
      );
      return 0n;
    }
    if (!last?.SplitCoins) throw new Unexpected("the funds come from somewhere else");
    const { coin, amounts } = last.SplitCoins;
    expect(amounts.length === 1, "the funds are split otherwise");
    expect(this.#isOwn(coin), "the funds are another’s");
    this.#merged(before.slice(0, -1), coin);
    return this.#pure(amounts[0]);
  }

  /** Coins may be merged before, into the one that the funds are split off from. */
  #merged(before: readonly Command[], coin: Argument) {
    expect(before.length <= 1, "it does something else, too");
    const merge = before[0];
    if (merge === undefined) return;
    if (!merge.MergeCoins) throw new Unexpected("it does something else, too");
    const { destination, sources } = merge.MergeCoins;
    expect(inputOf(destination) === inputOf(coin), "coins are merged elsewhere");
    expect(
      sources.every((source) => this.#isOwn(source)),
      "the coins are another’s",
    );
  }

  #isOwn(argument: Argument): boolean {
    return this.#input(argument)?.Object?.ImmOrOwnedObject !== undefined;
  }

  #shared(at: number, id: string, writes: boolean, otherwise: string) {
    const shared = this.#input(this.#call.arguments[at])?.Object?.SharedObject;
    expect(shared?.objectId === id && shared.mutable === writes, `it is about ${otherwise}`);
    return this;
  }

  #pure(argument: Argument | undefined): bigint {
    const bytes = this.#input(argument)?.Pure?.bytes;
    if (bytes === undefined) throw new Unexpected("an amount is missing");
    const raw = fromBase64(bytes);
    expect(raw.length === 8, "an amount is none");
    return BigInt(bcs.u64().parse(raw));
  }

  #input(argument: Argument | undefined) {
    const at = inputOf(argument);
    return at === undefined ? undefined : this.#data.inputs[at];
  }
}

function inputOf(argument: Argument | undefined): number | undefined {
  return argument?.$kind === "Input" ? argument.Input : undefined;
}

/** The command whose only result it is. */
function resultOf(argument: Argument | undefined): number | undefined {
  if (argument?.$kind === "Result") return argument.Result;
  if (argument?.$kind !== "NestedResult") return undefined;
  const [command, nth] = argument.NestedResult;
  return nth === 0 ? command : undefined;
}

function isZero(call: Call, coin: string): boolean {
  const name = `${call.package}::${call.module}::${call.function}`;
  return name === `${FRAMEWORK}::coin::zero` && isCoin(call.typeArguments, coin);
}

function isCoin(types: readonly string[], coin: string): boolean {
  const [only] = types;
  return (
    types.length === 1 &&
    only !== undefined &&
    normalizeStructTag(only) === normalizeStructTag(coin)
  );
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Unexpected(otherwise);
}
