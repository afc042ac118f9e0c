import { formatUsdCents } from "@suiftly/ui";
import type { Billing, ServiceView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import type { Remedy } from "../whyNot";

interface WayProps {
  remedy: Remedy;
  service: ServiceView;
  money: Billing | undefined;
}

/** Leads to where the one thing is done that makes the service work; and back. */
export function Way({ remedy, service: { service }, money }: WayProps) {
  const params = { service };
  const back = `/services/${service}`;
  switch (remedy) {
    case "enable":
      return (
        <Link to="/services/$service/configure" params={params} className="btn">
          Choose a tier
        </Link>
      );
    case "deposit":
      return <Deposit cents={money?.resume_deposit_usd_cents ?? null} back={back} />;
    case "limit":
      return (
        <Link
          to="/billing"
          search={{ limit: money?.max_monthly_usd_cents ?? 0, back }}
          className="btn"
        >
          Raise the limit
        </Link>
      );
    case "api-key":
      return (
        <Link to="/keys" search={{ new: service }} className="btn">
          Make an API key
        </Link>
      );
    case "package":
      return (
        <Link to="/services/$service/packages" params={params} className="btn">
          Add a package
        </Link>
      );
    case "support":
      return (
        <Link to="/support" className="btn">
          Write to support
        </Link>
      );
  }
}

function Deposit({ cents, back }: { cents: number | null; back: string }) {
  return (
    <Link
      to="/billing"
      search={cents === null ? { back } : { deposit: cents, back }}
      className="btn"
    >
      {cents === null ? "Deposit" : `Deposit ${formatUsdCents(cents)}`}
    </Link>
  );
}
