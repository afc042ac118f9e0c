// Refusals of what moves funds, in words that say what to do.
import type { Problem } from "@suiftly/ui";

const WORDS: Record<string, string> = {
  not_by_api: "The escrow of this server is on a chain: the wallet itself moves the funds.",
  escrow_refused: "The escrow refused it. Nothing was moved.",
  escrow_unavailable:
    "The escrow does not answer. Try again: it is done once, however often you press.",
  outcome_unknown:
    "Nobody knows yet whether it was done. Look at the transactions before you try again.",
  account_not_active: "The account is being closed: funds can no longer be moved from here.",
  connection_lost:
    "The server does not answer. Try again: it is done once, however often you press.",
};

export function refusalWords({ code, title, errors }: Problem): string {
  const words =
    WORDS[code] ?? errors?.map(({ message }) => `The amount ${message}.`).join(" ") ?? title;
  return `${words} Code ${code}`;
}
