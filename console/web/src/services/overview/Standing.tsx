import { StatusGlyph } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { billingQuery, SERVICE_NAMES } from "../../app/queries";
import { serviceStatus } from "../../app/serviceStatus";
import { whyNot } from "../whyNot";
import { Way } from "./Way";

/** Whether it works; else why not, and the one thing to do. */
export function Standing({ service }: { service: ServiceView }) {
  const { data: money } = useQuery(billingQuery);
  const name = SERVICE_NAMES[service.service];
  const why = whyNot(service, name, money);
  return (
    <section className="service-standing" aria-label="Status">
      <p role="status">
        <StatusGlyph status={serviceStatus(service)} />
        <span>{why?.words ?? `${name} serves your requests.`}</span>
      </p>
      {why && <Way remedy={why.remedy} service={service} money={money} />}
    </section>
  );
}
