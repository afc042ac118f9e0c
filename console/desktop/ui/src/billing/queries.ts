// What the billing page reads.
import {
  billingStanding,
  getInvoice,
  invoiceHours,
  invoiceRecords,
  listInvoices,
  reconciliation,
  type UsageHour,
} from "@suiftly/ui/api/admin";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../app/session";
import { keyOf } from "../app/topics";

const INVOICES_A_PAGE = 100;
const HOURS_A_PAGE = 200;
const RECORDS_A_PAGE = 50;

export interface Which {
  readonly month?: string;
  readonly status?: string;
  readonly customer_id?: number;
}

/** What is owed and in doubt grows with traffic, and changes with jobs. */
export const standingQuery = queryOptions({
  queryKey: keyOf("traffic", "billing", "standing"),
  queryFn: async ({ signal }) => (await billingStanding({ client, signal })).data,
});

export const invoicesQuery = (which: Which) =>
  infiniteQueryOptions({
    queryKey: keyOf("invoices", "list", which),
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        ...which,
        limit: INVOICES_A_PAGE,
        ...(pageParam !== "" && { cursor: pageParam }),
      };
      return (await listInvoices({ client, signal, query })).data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? null,
    placeholderData: keepPreviousData,
  });

export const invoiceQuery = (number: string) =>
  queryOptions({
    queryKey: keyOf("invoices", "one", number),
    queryFn: async ({ signal }) => (await getInvoice({ client, signal, path: { number } })).data,
  });

export const hoursQuery = (number: string) =>
  infiniteQueryOptions({
    queryKey: keyOf("invoices", "hours", number),
    queryFn: async ({ signal, pageParam }) => {
      const query = { limit: HOURS_A_PAGE, ...(pageParam !== "" && { cursor: pageParam }) };
      return (await invoiceHours({ client, signal, path: { number }, query })).data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? null,
  });

export const recordsQuery = (number: string, { hour, service, network }: UsageHour) =>
  infiniteQueryOptions({
    queryKey: keyOf("invoices", "records", number, hour, service, network),
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        hour,
        service_type: service ?? "",
        limit: RECORDS_A_PAGE,
        ...(network != null && { network }),
        ...(pageParam !== "" && { cursor: pageParam }),
      };
      return (await invoiceRecords({ client, signal, path: { number }, query })).data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? null,
    enabled: service != null,
  });

/** Held against each other when asked to alone: what was found stays until then. */
export const reconciliationQuery = (escrow: boolean) =>
  queryOptions({
    queryKey: keyOf("invoices", "reconciliation", escrow),
    queryFn: async ({ signal }) =>
      (await reconciliation({ client, signal, query: { escrow } })).data,
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
