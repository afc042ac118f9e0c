// Turns what was typed into a filter: names are looked up on the server.
import { listCustomers } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { client } from "../../app/session";
import { fleetQuery } from "../../fleet/queries";
import type { RecordFilter } from "./fields";
import { pick } from "./lookup";
import { parseFilter } from "./parse";

const CUSTOMERS = 20;

type Looked = { readonly filter: RecordFilter } | { readonly problem: string };

export function useLookup(): (text: string) => Promise<Looked> {
  const edges = useQuery(fleetQuery).data?.edges ?? [];
  return async (text) => {
    const typed = parseFilter(text);
    if (typed.problem !== null) return { problem: typed.problem };
    let filter = typed.filter;
    if (typed.server !== null) {
      const servers = edges.flatMap(({ name, servers }) =>
        servers.map((id) => ({ id, name: servers.length === 1 ? name : `${name}/${id}` })),
      );
      const found = pick(servers, typed.server, "server");
      if ("problem" in found) return found;
      filter = { ...filter, server_id: found.id };
    }
    if (typed.customer !== null) {
      const found = await findCustomer(typed.customer);
      if ("problem" in found) return found;
      filter = { ...filter, customer_id: found.id };
    }
    return { filter };
  };
}

async function findCustomer(text: string) {
  try {
    const { data } = await listCustomers({ client, query: { search: text, limit: CUSTOMERS } });
    const all = data.items.map(({ customer_id, display_name }) => ({
      id: customer_id,
      name: display_name,
    }));
    return pick(all, text, "customer");
  } catch {
    return { problem: "Customers could not be looked up: say the customer’s number." };
  }
}
