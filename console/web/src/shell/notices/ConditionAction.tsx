import { formatUsdCents } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { Link, useLocation } from "@tanstack/react-router";
import { SERVICE_NAMES } from "../../app/queries";
import type { Condition } from "./conditions";

const MICRO_USD_PER_CENT = 10_000;

/** The one thing to do. */
export function ConditionAction({ condition }: { condition: Condition }) {
  switch (condition.is) {
    case "suspended":
      return (
        <Link to="/support" className="btn">
          Support
        </Link>
      );
    case "closed":
    case "closing":
      return (
        <Link to="/settings/account" className="btn">
          Account
        </Link>
      );
    case "short":
      return <Deposit cents={condition.depositCents} primary />;
    case "limit":
      return <RaiseLimit cents={condition.limitCents} />;
    case "runs-out":
      return <Deposit cents={wholeCents(condition.shortMicroUsd)} />;
    case "down":
      return <ServiceButton service={condition.services[0]} />;
    case "config":
      return <ServiceButton service={condition.service} />;
  }
}

/** Part of a cent cannot be deposited. */
function wholeCents(microUsd: number | null): number | null {
  return microUsd === null ? null : Math.ceil(microUsd / MICRO_USD_PER_CENT);
}

/** Billing leads back to where one was. */
function useBack(): { back?: string } {
  const { pathname, href } = useLocation();
  return pathname.startsWith("/billing") ? {} : { back: href };
}

function RaiseLimit({ cents }: { cents: number | null }) {
  const back = useBack();
  return (
    <Link
      to="/billing"
      search={{ ...(cents !== null && { limit: cents }), ...back }}
      className="btn"
      data-kind="primary"
    >
      Raise the limit
    </Link>
  );
}

function Deposit({ cents, primary = false }: { cents: number | null; primary?: boolean }) {
  const back = useBack();
  return (
    <Link
      to="/billing"
      search={{ ...(cents !== null && { deposit: cents }), ...back }}
      className="btn"
      data-kind={primary ? "primary" : undefined}
    >
      {primary && cents !== null ? `Deposit ${formatUsdCents(cents)}` : "Deposit"}
    </Link>
  );
}

function ServiceButton({ service }: { service: ServiceWord | undefined }) {
  if (service === undefined) return null;
  return (
    <Link to="/services/$service" params={{ service }} className="btn">
      {`Open ${SERVICE_NAMES[service]}`}
    </Link>
  );
}
