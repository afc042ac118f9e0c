import type { ServiceWord } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { SERVICE_NAMES } from "../app/queries";

/** The parts of a service. Its keys are on the page that has all keys. */
export function Tabs({ service }: { service: ServiceWord }) {
  const params = { service };
  return (
    <nav className="tabs" aria-label={SERVICE_NAMES[service]}>
      <Link to="/services/$service" params={params} activeOptions={EXACT}>
        Overview
      </Link>
      <Link to="/services/$service/configure" params={params} activeOptions={PATH}>
        Configure
      </Link>
      <Link to="/keys" search={{ service }}>
        Keys
      </Link>
      {service === "seal" && (
        <Link to="/services/$service/packages" params={params}>
          Packages
        </Link>
      )}
      <Link to="/services/$service/stats" params={params} activeOptions={PATH}>
        Stats
      </Link>
    </nav>
  );
}

const PATH = { includeSearch: false };
const EXACT = { exact: true, includeSearch: false };
