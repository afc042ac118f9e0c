// What stands in the customer's way or soon will, most severe first. Figures are the API's.
import { DAY_MS } from "@suiftly/ui";
import type { Account, Billing, ServiceView, ServiceWord } from "@suiftly/ui/api/customer";

export type Condition =
  | { readonly is: "suspended" | "closed" }
  | { readonly is: "short"; readonly since: string | null; readonly depositCents: number | null }
  | { readonly is: "limit"; readonly since: string | null; readonly limitCents: number | null }
  | { readonly is: "down"; readonly services: readonly ServiceWord[] }
  | { readonly is: "closing"; readonly since: string }
  | { readonly is: "runs-out"; readonly until: string; readonly shortMicroUsd: number | null }
  | { readonly is: "config"; readonly service: ServiceWord; readonly missing: string };

export type Severity = "bad" | "warn" | "info";

const SEVERITY: Record<Condition["is"], Severity> = {
  suspended: "bad",
  closed: "bad",
  short: "bad",
  limit: "bad",
  down: "bad",
  closing: "warn",
  "runs-out": "warn",
  config: "info",
};

export function severityOf({ is }: Condition): Severity {
  return SEVERITY[is];
}

/** All that holds now. What is not known yet is no condition. */
export function conditionsOf(
  money: Billing | undefined,
  account: Account | undefined,
  services: readonly ServiceView[] | undefined,
): readonly Condition[] {
  const found: (Condition | null)[] = [
    stateOf(money, services),
    down(services),
    account?.closing_at && account.status !== "closed"
      ? { is: "closing", since: account.closing_at }
      : null,
    runsOut(money),
    config(services),
  ];
  return found.filter((condition) => condition !== null);
}

function stateOf(
  money: Billing | undefined,
  services: readonly ServiceView[] = [],
): Condition | null {
  const since = money?.state_since ?? null;
  // Where nothing is enabled nothing is suspended: a new account has nothing in escrow.
  const serves = services.some(({ state }) => state === "enabled");
  switch (money?.state) {
    case "suspended":
    case "closed":
      return { is: money.state };
    case "insufficient_balance":
      if (!serves) return null;
      return { is: "short", since, depositCents: money.resume_deposit_usd_cents };
    case "monthly_limit":
      if (!serves) return null;
      return { is: "limit", since, limitCents: money.max_monthly_usd_cents ?? null };
    default:
      return null;
  }
}

/** Told while there is time for a deposit; before that it is of no use. */
const SOON_MS = 7 * DAY_MS;

function runsOut(money: Billing | undefined): Condition | null {
  if (money?.state !== "active" || money.lasts_until === null) return null;
  const left = Date.parse(money.lasts_until) - Date.parse(money.complete_to);
  const short = money.short_micro_usd;
  if (short <= 0 && left > SOON_MS) return null;
  return { is: "runs-out", until: money.lasts_until, shortMicroUsd: short > 0 ? short : null };
}

function down(services: readonly ServiceView[] = []): Condition | null {
  const silent = services.filter(({ status }) => status === "down").map(({ service }) => service);
  return silent.length > 0 ? { is: "down", services: silent } : null;
}

function config(services: readonly ServiceView[] = []): Condition | null {
  const needy = services.find(({ status }) => status === "config_needed");
  if (needy === undefined) return null;
  return { is: "config", service: needy.service, missing: needy.status_detail ?? "" };
}
