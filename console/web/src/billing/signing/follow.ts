// A signed transaction's way: handed on, then looked after until it is mirrored or has failed.
import { ApiError, type Problem } from "@suiftly/ui";
import type { TransactionStand, TransactionToSign } from "@suiftly/ui/api/customer";
import { Unexpected } from "./unexpected";

export interface WalletAnswer {
  /** What the wallet signed: BCS in base64. */
  readonly bytes: string;
  readonly signature: string;
}

/** How the server is asked. */
export interface Server {
  readonly submit: (digest: string, signature: string) => Promise<TransactionStand>;
  readonly state: (digest: string) => Promise<TransactionStand>;
}

interface Following {
  readonly server: Server;
  readonly tell: (stand: TransactionStand) => void;
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const SOON_MS = 500;
const LATER_MS = 2_000;
/** After so many looks it takes its time. */
const SOON_TIMES = 20;
const TOO_MANY = 429;

/** The bytes that the wallet signed must be those that were read: others are not handed on. */
export function checkAnswer(made: TransactionToSign, answer: WalletAnswer): void {
  if (answer.bytes !== made.transaction) {
    throw new Unexpected("the wallet has changed it: its answer is for another transaction");
  }
}

/** Hands it on and follows it to its end; answers how it stands then. Aborted, it answers how it stood last. */
export async function handOn(
  { digest }: TransactionToSign,
  signature: string,
  { server, tell, sleep, signal }: Following,
): Promise<TransactionStand> {
  let stand = await submitted(server, digest, signature);
  tell(stand);
  for (let times = 0; !isEnd(stand) && !signal.aborted; times += 1) {
    await sleep(times < SOON_TIMES ? SOON_MS : LATER_MS);
    if (signal.aborted) return stand;
    const found = (await looked(server, digest)) ?? stand;
    // It was lost on the way there.
    stand = found.state === "waiting" ? await submitted(server, digest, signature) : found;
    tell(stand);
  }
  return stand;
}

/** Without an answer it may have been handed on: how it stands is looked up. */
async function submitted(server: Server, digest: string, signature: string) {
  try {
    return await server.submit(digest, signature);
  } catch (error) {
    if (isRefusal(error)) throw error;
    return { digest, state: "pending", detail: null } as const;
  }
}

/** null: no answer this time. */
async function looked(server: Server, digest: string): Promise<TransactionStand | null> {
  try {
    return await server.state(digest);
  } catch (error) {
    if (isRefusal(error)) throw error;
    return null;
  }
}

/** What asking again does not change. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.status === TOO_MANY) return false;
  return error.status >= 400 && error.status < 500;
}

export function isEnd({ state }: TransactionStand): boolean {
  return state === "mirrored" || state === "failed";
}

/** Why it failed, as a problem to be shown. */
export function failure({ detail }: TransactionStand): Problem {
  const why = detail === null ? "" : ` ${detail}`;
  return {
    code: "transaction_failed",
    title: `The network did not do it. Nothing was moved but the gas.${why}`,
  };
}
