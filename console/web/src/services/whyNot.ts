// Why a service does not work, and the one thing to do about it.
import { formatMoment, formatUsdCents } from "@suiftly/ui";
import type { Billing, ServiceView } from "@suiftly/ui/api/customer";

export type Remedy = "enable" | "deposit" | "limit" | "api-key" | "package" | "support";

export interface Why {
  /** A whole sentence, or two. */
  readonly words: string;
  readonly remedy: Remedy;
}

/** null where it works. `name` is the service's. */
export function whyNot(service: ServiceView, name: string, money: Billing | undefined): Why | null {
  switch (service.status) {
    case "ok":
      return null;
    case "disabled":
      return disabled(service, name);
    case "config_needed":
      return configNeeded(service, name);
    case "suspended":
      return suspended(service, name, money);
    case "down":
      return {
        words: `${name} went down${since(service)}. ${asSentence(service.status_detail)}`,
        remedy: "support",
      };
  }
}

function disabled({ state }: ServiceView, name: string): Why {
  const words =
    state === "never_enabled"
      ? `${name} is not enabled. Choose a tier, and it serves requests within a second.`
      : `${name} has ended. Requests with its keys get 403, free of charge. Enable it to go on with the same keys.`;
  return { words, remedy: "enable" };
}

function configNeeded({ active_api_keys }: ServiceView, name: string): Why {
  if (active_api_keys === 0) {
    return { words: `${name} has no active API key. Requests need one.`, remedy: "api-key" };
  }
  return {
    words: `${name} has no enabled package of an enabled seal key. Add a package to be served.`,
    remedy: "package",
  };
}

function suspended(service: ServiceView, name: string, money: Billing | undefined): Why {
  switch (money?.state) {
    case "insufficient_balance":
      return { words: fellShort(service, name, money), remedy: "deposit" };
    case "monthly_limit":
      return {
        words: `${name} is suspended. This month’s limit is reached. It resumes within a second of a higher limit, else on the 1st.`,
        remedy: "limit",
      };
    default:
      return {
        words: `${name} is suspended. ${asSentence(service.status_detail)}`,
        remedy: "support",
      };
  }
}

function fellShort(service: ServiceView, name: string, money: Billing): string {
  const { resume_deposit_usd_cents: cents } = money;
  const deposit =
    cents === null ? "a deposit that covers it" : `a deposit of at least ${formatUsdCents(cents)}`;
  return `${name} is suspended. The balance fell short${since(service)}. It resumes within a second of ${deposit}.`;
}

/** " at 14:31:58", where it is known. */
function since({ status_since }: ServiceView): string {
  return status_since === null ? "" : ` at ${formatMoment(Date.parse(status_since), Date.now())}`;
}

/** The API's reason, which begins small and has no stop. */
function asSentence(detail: string | null): string {
  if (detail === null || detail === "") return "";
  return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}${/[.!?]$/.test(detail) ? "" : "."}`;
}
