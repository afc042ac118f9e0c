// Requests through HAProxy, as a customer's program makes them. Each is written down where SUIFTLY_ASKED says, a line
// with its status or `-`: who reconciles the run counts them.
import { appendFileSync } from "node:fs";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { expect } from "vitest";

const WRITTEN = process.env.SUIFTLY_ASKED;

/** A change is in force at every gateway in a second; a machine that is busy gets some more. */
const IN_FORCE_MS = 5_000;

/** What a key is answered that may not be used. */
export const REFUSED = [401, 403];

/** Where the service is reached on its main network. */
export function endpointOf({ service, endpoints }: ServiceView): string {
  const endpoint = endpoints.find(({ network }) => network === "mainnet");
  if (!endpoint) throw new Error(`${service} has no endpoint`);
  return endpoint.url;
}

export async function ask(endpoint: string, key: string): Promise<number> {
  let status: number | null = null;
  try {
    const response = await fetch(endpoint, { headers: { "X-API-Key": key } });
    await response.arrayBuffer();
    status = response.status;
    return status;
  } finally {
    if (WRITTEN) appendFileSync(WRITTEN, `${status ?? "-"}\n`);
  }
}

/** Asks until it is answered so, and tells how long that took, in ms. */
export async function askUntil(
  endpoint: string,
  key: string,
  wanted: readonly number[],
): Promise<number> {
  const begun = performance.now();
  let status = await ask(endpoint, key);
  while (!wanted.includes(status) && performance.now() - begun < IN_FORCE_MS) {
    await new Promise((rest) => setTimeout(rest, 10));
    status = await ask(endpoint, key);
  }
  expect(wanted, `what ${endpoint} answers`).toContain(status);
  return performance.now() - begun;
}
