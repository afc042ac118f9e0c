// What is to be signed, as far as a page knows it, and who is waiting for it. Apart from the code of wallets, which comes
// when something is to be signed.
import { ApiError, type Problem } from "@suiftly/ui";
import type { ActWord } from "@suiftly/ui/api/customer";
import { useSyncExternalStore } from "react";

export interface Order {
  readonly act: ActWord;
  /** Of a limit, 0 for none. */
  readonly cents: number;
}

/** What was done, as the forms say it. */
export interface Moved {
  readonly digest: string;
  readonly amount_usd_cents: number;
}

/** It is done, and how long that took from the wallet's signature on. */
export interface Signed {
  readonly data: Moved;
  readonly tookMs: number;
}

export interface Asked extends Order {
  /** Tells one asking from the next. */
  readonly nth: number;
  readonly done: (signed: Signed) => void;
  readonly given: (up: Error) => void;
}

const NOT_SIGNED: Problem = {
  code: "not_signed",
  title: "Nothing was signed. Nothing was moved.",
};
const UNDER_WAY: Problem = {
  code: "transaction_under_way",
  title: "The transaction is under way. It appears here once the chain has it.",
};

let asked: Asked | null = null;
let lastNth = 0;
const listeners = new Set<() => void>();

/** Has something signed: opens the dialog for it. Whoever asked before is told that nothing was signed. */
export function askToSign(order: Order): Promise<Signed> {
  asked?.given(notSigned());
  lastNth += 1;
  const nth = lastNth;
  return new Promise((done, given) => {
    const settle =
      <T>(tell: (with_: T) => void) =>
      (value: T) => {
        if (asked?.nth === nth) publish(null);
        tell(value);
      };
    publish({ ...order, nth, done: settle(done), given: settle(given) });
  });
}

/** What is being signed now. */
export function useAsked(): Asked | null {
  return useSyncExternalStore(subscribe, whatIsAsked);
}

export const whatIsAsked = () => asked;

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const notSigned = () => new ApiError(0, NOT_SIGNED);
export const underWay = () => new ApiError(0, UNDER_WAY);

function publish(next: Asked | null) {
  asked = next;
  for (const listener of listeners) listener();
}
