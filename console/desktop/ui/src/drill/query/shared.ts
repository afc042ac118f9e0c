// What the drill's questions to the server have in common.
import type { RecordFilter } from "../lines/fields";
import type { Measure } from "../measure";
import { rfc3339, type Span } from "../window";

/** What is asked of a measure, and of whom. */
export interface Asked {
  readonly measure: Measure;
  readonly slowMs: number;
  readonly filter: RecordFilter;
}

export const times = ({ from, to }: Span) => ({ from: rfc3339(from), to: rfc3339(to) });

/** What the bars and the cells are of: a customer, a service, a network. Of a cell that is chosen the service is a part
 * of what is chosen, and the others stay in sight beside it. */
export function usageScope(filter: RecordFilter) {
  const { customer_id, service_type, network } = filter;
  return {
    ...(customer_id !== undefined && { customer_id }),
    ...(service_type !== undefined && !hasPart(filter) && { service_type }),
    ...(network !== undefined && { network }),
  };
}

export function gatewayScope({
  server_id,
  backend_id,
  event_type,
  service_type,
  network,
}: RecordFilter) {
  return {
    ...(server_id !== undefined && { server_id }),
    ...(backend_id !== undefined && { backend_id }),
    ...(event_type !== undefined && { event_type }),
    ...(service_type !== undefined && { service_type }),
    ...(network !== undefined && { network }),
  };
}

/** Whether what is chosen is a part that the gateways' view tells apart. */
export function hasPart({ customer_id, server_id, backend_id, event_type }: RecordFilter): boolean {
  const some = [server_id, backend_id, event_type].some((value) => value !== undefined);
  return some && customer_id === undefined;
}
