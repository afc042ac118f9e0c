import { formatCount } from "@suiftly/ui";
import type { FleetHot } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import { CustomerLink } from "../parts/CustomerName";
import { accountOf, serviceWord } from "./accounts";

/** Who was let through most in the last second. */
export function HotAccounts({ hot, server }: { hot: readonly FleetHot[]; server: number }) {
  return (
    <div>
      <h4>Hot accounts, last second</h4>
      {hot.length === 0 && <p className="text-ink-2">Nobody used it in the last second.</p>}
      <ul className="fleet-hot">
        {hot.map(({ account, per_second }) => {
          const { customer, service } = accountOf(account);
          return (
            <li key={account}>
              <span className="fleet-who">
                {customer === null ? <code>{account}</code> : <CustomerLink id={customer} />}
                {service !== null && <span className="text-ink-3"> {serviceWord(service)}</span>}
              </span>
              <Link
                to="/tail"
                search={{
                  server_id: server,
                  ...(customer !== null && { customer_id: customer }),
                  ...(service !== null && { service_type: serviceWord(service) }),
                }}
                className="quiet-link"
              >
                {formatCount(per_second)} / s
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
