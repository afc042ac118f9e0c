// The session of this browser: a wallet signs a challenge, and httpOnly cookies carry what that earns. Nothing of it can
// be read, or is kept, here.
import { ApiError, explain, openCustomerClient, type Problem, sharing } from "@suiftly/ui";
import { challenge, logOut, refresh, signInConfig, verify } from "@suiftly/ui/api/customer";

/** How one signs in at this server. */
export interface SignInConfig {
  /** Any signature is taken: development. */
  readonly mock: boolean;
  readonly domain: string;
}

/** Taken as a signature where sign-in is mock. */
const MOCK_SIGNATURE = "AA==";
/** A Sui address in full. */
export const ADDRESS = /^0x[0-9a-fA-F]{64}$/;

/** Begins a new session where the old one ended, by the cookie that is good for that. */
export const renewSession = sharing(async () => {
  try {
    await refresh({ client: plain });
    return true;
  } catch {
    return false;
  }
});

const plain = openCustomerClient();
/** For all that needs a session: one that ran out is renewed, unseen. */
const client = openCustomerClient({ renewSession });

export async function readConfig(): Promise<SignInConfig | Problem> {
  return attempt(async () => (await signInConfig({ client: plain })).data);
}

/** The message that a wallet is to sign. */
export async function askForChallenge(address: string): Promise<{ message: string } | Problem> {
  return attempt(async () => (await challenge({ client: plain, body: { address } })).data);
}

/** Signs the pending challenge as a mock wallet does; null when the session is there. */
export async function signMock(address: string): Promise<Problem | null> {
  const signed = { address, signature: MOCK_SIGNATURE };
  const outcome = await attempt(() => verify({ client: plain, body: signed }));
  return isProblem(outcome) ? outcome : null;
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
    return error instanceof ApiError && error.status === 401 ? null : explain(error);
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
