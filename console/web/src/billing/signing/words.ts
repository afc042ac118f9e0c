// What a transaction does, in words made from its bytes; and what it costs.
import { formatUsdCents } from "@suiftly/ui";
import type { ActWord, TransactionWord } from "@suiftly/ui/api/customer";
import type { Order } from "./order";
import type { Read, Says } from "./read";
import { Unexpected } from "./unexpected";

const MIST_PER_SUI = 1_000_000_000n;
/** What a wallet rounds to, too. */
const SUI_DIGITS = 6;

/** One sentence for each thing that it does. */
export function says(read: Says, unitsPerCent: number): readonly string[] {
  const usd = (units: bigint) => formatUsdCents(centsOf(units, unitsPerCent));
  switch (read.act) {
    case "open":
      return [
        "Opens your account with the escrow.",
        ...(read.first > 0n ? [`Puts ${usd(read.first)} into it.`] : []),
        read.limit > 0n
          ? `A month may be charged at most ${usd(read.limit)}.`
          : "A month may be charged whatever it comes to: there is no limit.",
      ];
    case "deposit":
      return [`Puts ${usd(read.amount)} into your escrow.`];
    case "withdraw":
      return [
        `Asks for ${usd(read.amount)} back. The escrow pays it to this wallet, and to no other.`,
      ];
    case "limit":
      return [
        read.limit > 0n
          ? `A month may be charged at most ${usd(read.limit)} from now on.`
          : "Removes the limit of what a month may be charged.",
      ];
  }
}

/** Throws `Unexpected` unless the bytes say what was asked for. */
export function checkOrder({ says }: Read, { act, cents }: Order, unitsPerCent: number): void {
  const units = BigInt(cents) * BigInt(unitsPerCent);
  const is = {
    deposit:
      (says.act === "deposit" && says.amount === units) ||
      (says.act === "open" && says.first === units),
    withdraw: says.act === "withdraw" && says.amount === units,
    limit:
      (says.act === "limit" && says.limit === units) ||
      (says.act === "open" && says.first === 0n && says.limit === units),
  };
  if (!is[act]) throw new Unexpected("it is about another act, or another amount");
}

function centsOf(units: bigint, unitsPerCent: number): bigint {
  const cent = BigInt(unitsPerCent);
  if (units % cent !== 0n) throw new Unexpected("it is about parts of a cent");
  return units / cent;
}

/** "0.0031 SUI" */
export function formatSui(mist: bigint): string {
  const whole = mist / MIST_PER_SUI;
  const fraction = (mist % MIST_PER_SUI).toString().padStart(9, "0").slice(0, SUI_DIGITS);
  const shown = fraction.replace(/0+$/, "");
  if (whole === 0n && shown === "" && mist > 0n) return "less than 0.000001 SUI";
  return `${whole}${shown === "" ? "" : `.${shown}`} SUI`;
}

export function gasWords(gasMist: number, budgetMist: bigint): string {
  return `The network takes about ${formatSui(BigInt(gasMist))} of gas from this wallet, ${formatSui(budgetMist)} at most.`;
}

const TITLES: Record<ActWord, string> = {
  deposit: "Sign the deposit",
  withdraw: "Sign the withdrawal",
  limit: "Sign the limit",
};

export function titleOf(act: ActWord): string {
  return TITLES[act];
}

const STATES: Record<TransactionWord, string> = {
  waiting: "Signed. Handing it to the network.",
  pending: "Handed to the network. Waiting for two nodes to have it.",
  confirmed: "Confirmed by the network. Waiting for it to appear in your account here.",
  mirrored: "Done.",
  failed: "The network did not do it. Nothing was moved but the gas.",
};

export function stateWords(state: TransactionWord): string {
  return STATES[state];
}
