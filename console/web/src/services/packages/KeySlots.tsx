import { formatCount, Slots } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { standing } from "../configure/choice";

/** Slots of seal keys: used, free, and the way to more. */
export function KeySlots({ service }: { service: ServiceView }) {
  const { used, allowed } = service.seal_keys;
  const { seal_keys, seal_keys_max } = service.offer.included;
  return (
    <div className="slots-line">
      <Slots used={used} allowed={allowed} included={seal_keys} max={seal_keys_max} />
      <span>
        {formatCount(used)} of {formatCount(allowed)} slots used
      </span>
      {used >= allowed && allowed < seal_keys_max && (
        <Link
          to="/services/$service/configure"
          params={{ service: service.service }}
          search={{ extra_seal_keys: standing(service).extra_seal_keys + 1 }}
          className="link"
        >
          Book one more
        </Link>
      )}
    </div>
  );
}
