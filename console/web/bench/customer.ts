// A customer of the bench's own, by the API, as a program is one: a quiet one, whose requests are ours alone.
import { newWallet } from "../e2e/account";

const SUBSCRIPTION = {
  tier: "starter",
  burst: false,
  extra_api_keys: 0,
  extra_seal_keys: 0,
  extra_packages: 0,
};
const DEPOSIT_CENTS = 5_000;

export interface Quiet {
  readonly wallet: string;
  readonly key: string;
}

/** Signs up, deposits, enables Seal, makes a key. */
export async function quietCustomer(url: string): Promise<Quiet> {
  const wallet = newWallet();
  await post(url, "/auth/challenge", { address: wallet });
  const signed = { address: wallet, signature: "AA==", tokens: "body" };
  const { access_token: token } = await post<{ access_token: string }>(url, "/auth/verify", signed);
  const act = <T>(path: string, body: unknown) => post<T>(url, path, body, token);
  await act("/billing/deposit", { amount_usd_cents: DEPOSIT_CENTS });
  await act("/services/seal/enable", { subscription: SUBSCRIPTION });
  const asked = { service: "seal", network: "mainnet", name: "bench" };
  const { key } = await act<{ key: string }>("/keys", asked);
  return { wallet, key };
}

async function post<T>(url: string, path: string, body: unknown, token?: string): Promise<T> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const asked = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/v1${path}`, asked);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
