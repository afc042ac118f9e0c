// The session of this browser: a wallet signs a challenge, and httpOnly cookies carry what that earns. Nothing of it can
// be read, or is kept, here.
import { ApiError, explain, openCustomerClient, type Problem, sharing } from "@suiftly/ui";
import {
  type Challenge,
  challenge,
  logOut,
  me,
  refresh,
  type SignInConfig,
  signInConfig,
  verify,
} from "@suiftly/ui/api/customer";
import { renewAcrossTabs } from "../app/renewal";
import { listenToTabs, tellTabs } from "../app/tabs";

/** Taken as a signature where sign-in is mock. */
const MOCK_SIGNATURE = "AA==";
/** A Sui address in full. */
export const ADDRESS = /^0x[0-9a-fA-F]{64}$/;

const UNAUTHORIZED = 401;
/** What another tab has renewed is good for longer, but a refusal may be for want of more than that. */
const RENEWED_LATELY_MS = 5_000;

/** For what needs no session, and for renewing one. */
const plain = openCustomerClient();

const endListeners = new Set<() => void>();

/** Tells when a session turns out to have ended, and cannot be renewed. */
export function onSessionEnd(listener: () => void) {
  endListeners.add(listener);
}

let renewedAt = Number.NEGATIVE_INFINITY;
listenToTabs(({ is }) => {
  if (is === "renewed") renewedAt = performance.now();
});

/** Begins a new session where the old one ended, by the cookie that is good for that; false: it is over. */
export const renewSession = sharing(async () => {
  const renewed = await renewAcrossTabs({
    locks: navigator.locks,
    renew,
    works: () => holds(() => me({ client: plain })),
    renewedElsewhere: () => performance.now() - renewedAt < RENEWED_LATELY_MS,
  });
  if (!renewed) for (const tell of endListeners) tell();
  return renewed;
});

async function renew(): Promise<boolean> {
  const renewed = await holds(() => refresh({ client: plain }));
  if (renewed) tellTabs({ is: "renewed" });
  return renewed;
}

/** False where it is refused for want of a session; whatever else goes wrong says nothing of the session. */
async function holds(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === UNAUTHORIZED) return false;
    throw error;
  }
}

/** For all that needs a session: one that ran out is renewed, unseen. */
const client = openCustomerClient({ renewSession });

export async function readConfig(): Promise<SignInConfig | Problem> {
  return attempt(async () => (await signInConfig({ client: plain })).data);
}

/** The message that a wallet is to sign. A pending one is handed out again. */
export async function askForChallenge(address: string): Promise<Challenge | Problem> {
  return attempt(async () => (await challenge({ client: plain, body: { address } })).data);
}

/** Hands in the signature of the pending challenge; null when the session is there. */
export async function handIn(address: string, signature: string): Promise<Problem | null> {
  const outcome = await attempt(() => verify({ client: plain, body: { address, signature } }));
  return isProblem(outcome) ? outcome : null;
}

/** Signs the pending challenge as a mock wallet does; null when the session is there. */
export function signMock(address: string): Promise<Problem | null> {
  return handIn(address, MOCK_SIGNATURE);
}

/** Challenge and signature at one go. */
export async function signInMock(address: string): Promise<Problem | null> {
  const asked = await askForChallenge(address);
  return isProblem(asked) ? asked : signMock(address);
}

/** null when the session has ended, also when there was none any more. */
export async function signOut(): Promise<Problem | null> {
  try {
    await logOut({ client });
    return null;
  } catch (error) {
    return error instanceof ApiError && error.status === UNAUTHORIZED ? null : explain(error);
  }
}

/** The wallet of a link `/#wallet=0x…`, taken out of the address at once: a reload shall not sign in again. */
export function takeWalletFromLink(): string | null {
  const wallet = new URLSearchParams(location.hash.slice(1)).get("wallet");
  if (wallet !== null) history.replaceState(null, "", location.pathname + location.search);
  return wallet;
}

/** An address that nobody has used: a new account. */
export function randomAddress(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** "0x7c3e…91fa" */
export function shortAddress(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

export function isProblem(outcome: object): outcome is Problem {
  return "code" in outcome && "title" in outcome;
}

async function attempt<T>(ask: () => Promise<T>): Promise<T | Problem> {
  try {
    return await ask();
  } catch (error) {
    return explain(error);
  }
}
