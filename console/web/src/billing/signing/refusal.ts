// Why a transaction cannot be made, or must not be signed: in words that say what to do.
import { ApiError, explain, formatUsdCents, type Problem } from "@suiftly/ui";
import { Unexpected } from "./unexpected";
import { formatSui } from "./words";

/** What went wrong on the way to the wallet. */
export function explainMaking(error: unknown): Problem {
  if (error instanceof Unexpected) return unexpected(error);
  const problem = explain(error);
  const words = problem.code === "wallet_short" ? shortWords(error) : null;
  return words === null ? problem : { ...problem, title: words };
}

/** The bytes, or the wallet's answer, say something else than what was asked for. */
export function unexpected({ message }: Unexpected): Problem {
  return {
    code: "unexpected_transaction",
    title: `The transaction is not what you asked for: ${message}. Nothing was handed to the network. Do not sign it; write to support.`,
  };
}

function shortWords(error: unknown): string | null {
  const { coin, has, wanted } = figures(error);
  if (has === null || wanted === null) return null;
  if (coin === "funds") {
    return `Your wallet has ${formatUsdCents(has)} in the coin that the escrow takes, and ${formatUsdCents(wanted)} is to be paid in.`;
  }
  if (coin === "gas") {
    return `Your wallet has ${formatSui(BigInt(has))} for the network’s gas, and needs ${formatSui(BigInt(wanted))} or more.`;
  }
  return null;
}

function figures(error: unknown) {
  const document: unknown = error instanceof ApiError ? error.document : null;
  const fields: Record<string, unknown> =
    typeof document === "object" && document !== null ? { ...document } : {};
  const whole = (value: unknown) => (Number.isSafeInteger(value) ? Number(value) : null);
  return { coin: fields.coin, has: whole(fields.has), wanted: whole(fields.wanted) };
}
