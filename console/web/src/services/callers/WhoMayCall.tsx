import type { ServiceView } from "@suiftly/ui/api/customer";
import { Addresses } from "./Addresses";
import { Origins } from "./Origins";

/** From where the service's keys may be used. Both lists are saved on their own. */
export function WhoMayCall({ service }: { service: ServiceView }) {
  return (
    <>
      <Addresses service={service} />
      <Origins service={service} />
    </>
  );
}
