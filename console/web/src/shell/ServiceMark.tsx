import { StatusGlyph } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { servicesQuery } from "../app/queries";
import { serviceStatus } from "../app/serviceStatus";

/** A service's status as its shape; the word is for those who do not see it. */
export function ServiceMark({ service }: { service: ServiceWord }) {
  const { data: services } = useQuery(servicesQuery);
  if (services === undefined) return null;
  const view = services.find((one) => one.service === service);
  if (view === undefined) return <span className="side-mark">soon</span>;
  return (
    <span className="side-status">
      <StatusGlyph status={serviceStatus(view)} />
    </span>
  );
}
