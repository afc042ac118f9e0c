import { formatCount, formatDay, Unit } from "@suiftly/ui";
import type { CustomerService } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Pane } from "../parts/Pane";
import { serviceWord } from "../words/services";
import { rateOf } from "./keys";
import { grantsQuery } from "./queries";
import { capital } from "./status";
import { useCustomer } from "./useCustomer";

/** What they have, and what it lets them do a second by the vault in force. */
export function Services() {
  const { services, customer_id } = useCustomer();
  const { data: grants } = useQuery(grantsQuery(customer_id));
  return (
    <Pane title="Services">
      {services.length === 0 ? (
        <p className="text-ink-3">None yet: the first stands here once they choose a tier.</p>
      ) : (
        <ul className="customer-services">
          {services.map((service) => {
            const rate = rateOf(service.service, grants ?? []);
            return (
              <li key={service.service} data-off={!service.is_enabled}>
                <b>{serviceWord(service.service)}</b>
                <span>{tierWords(service)}</span>
                <span>
                  {service.is_enabled && rate !== null && (
                    <>
                      {formatCount(rate)}
                      <Unit>/ s</Unit>
                    </>
                  )}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </Pane>
  );
}

function tierWords({ tier, config, is_enabled, disabled_at, scheduled }: CustomerService): string {
  if (!is_enabled) {
    return disabled_at == null ? "off" : `off since ${formatDay(Date.parse(disabled_at))}`;
  }
  const burst = config.burst === true ? ", burst" : "";
  return `${capital(tier)}${burst}${scheduled == null ? "" : ", changes on the 1st"}`;
}
