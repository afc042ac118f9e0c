import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { isService } from "../app/queries";
import type { Place } from "./words";

/** A link to where the thing is. */
export function PlaceLink({ to, children }: { to: Place; children: ReactNode }) {
  switch (to.to) {
    case "keys":
      return (
        <Link to="/keys" search={{ filter: to.filter }} className="link">
          {children}
        </Link>
      );
    case "service":
      return isService(to.service) ? (
        <Link to="/services/$service" params={{ service: to.service }} className="link">
          {children}
        </Link>
      ) : (
        children
      );
    case "packages":
      return (
        <Link to="/services/$service/packages" params={{ service: "seal" }} className="link">
          {children}
        </Link>
      );
    default:
      return (
        <Link to={PATHS[to.to]} className="link">
          {children}
        </Link>
      );
  }
}

const PATHS = {
  billing: "/billing",
  transactions: "/billing/transactions",
  alerts: "/settings/alerts",
  webhooks: "/settings/webhooks",
  sessions: "/settings/sessions",
  settings: "/settings",
} as const;
