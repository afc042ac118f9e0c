// The way from a new account to the first request, in its order.
import type { Billing, ServiceView } from "@suiftly/ui/api/customer";

export type StepName = "deposit" | "enable" | "key" | "call";

export interface Step {
  readonly name: StepName;
  readonly state: "done" | "next" | "later";
}

interface Known {
  readonly money: Billing;
  readonly services: readonly ServiceView[];
  /** Of the month. */
  readonly requests: number;
}

/** null once there is nothing left to show the way to: an account with traffic, or one that has been through it. */
export function firstSteps({ money, services, requests }: Known): readonly Step[] | null {
  const enabled = services.some(({ state }) => state === "enabled");
  const begun = services.some(({ state }) => state !== "never_enabled");
  if (requests > 0 || (begun && !enabled)) return null;
  const done: Record<StepName, boolean> = {
    deposit: money.balance_usd_cents > 0 || begun,
    enable: enabled,
    key: services.some(({ active_api_keys }) => active_api_keys > 0),
    call: false,
  };
  const names = Object.keys(done) as StepName[];
  const next = names.find((name) => !done[name]);
  return names.map((name) => ({
    name,
    state: done[name] ? "done" : name === next ? "next" : "later",
  }));
}
