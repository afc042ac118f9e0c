// How long it takes from an act until the gateways' grants say it: asked for until they do.
import { type GrantItem, vault } from "@suiftly/ui/api/admin";
import { client } from "../../app/session";

const STEP_MS = 120;
const LONGEST_MS = 5_000;

/** Waits until the vault's grants of a customer are as wanted; null: they are not, after all this time. */
export async function followVault(
  customer_id: number,
  isThere: (grants: readonly GrantItem[]) => boolean,
  from: number,
): Promise<number | null> {
  while (performance.now() - from < LONGEST_MS) {
    const { data } = await vault({ client, query: { customer_id, limit: 200 } });
    if (isThere(data.items)) return performance.now() - from;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  return null;
}

/** None of them lets a request in, or one does. */
export const noneUsable = (grants: readonly GrantItem[]) =>
  grants.every(({ is_usable }) => !is_usable);
export const someUsable = (grants: readonly GrantItem[]) =>
  grants.some(({ is_usable }) => is_usable);
export const keyRefused = (fingerprint: number) => (grants: readonly GrantItem[]) =>
  grants.every(({ api_key_fp, is_usable }) => api_key_fp !== fingerprint || !is_usable);
