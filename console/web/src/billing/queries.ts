// What only the billing pages read.
import {
  draft,
  draftHours,
  draftRecords,
  getInvoice,
  type HourRow,
  invoiceHours,
  invoiceRecords,
  listInvoices,
  type ServiceWord,
  statement,
  transactions,
  usageSeries,
} from "@suiftly/ui/api/customer";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../app/client";

const DRAFT_MS = 5_000;
const DAYS_MS = 10_000;
const INVOICES_A_PAGE = 12;
const ROWS_A_PAGE = 50;
const RECORDS_A_PAGE = 25;
/** As many as the API gives at once. */
const HOURS_A_PAGE = 200;

/** A document whose usage can be opened: the running month's draft, or an invoice by its number. */
export type Source =
  | { readonly draft: true; readonly month: string }
  | { readonly draft: false; readonly month: string; readonly number: string };

export const draftQuery = queryOptions({
  queryKey: ["billing", "draft"],
  queryFn: async ({ signal }) => (await draft({ client, signal })).data,
  refetchInterval: DRAFT_MS,
});

export const invoicesQuery = infiniteQueryOptions({
  queryKey: ["billing", "invoices"],
  queryFn: async ({ signal, pageParam }) => {
    const query = { limit: INVOICES_A_PAGE, ...(pageParam && { cursor: pageParam }) };
    return (await listInvoices({ client, signal, query })).data;
  },
  initialPageParam: "",
  getNextPageParam: (page) => page.next_cursor,
});

export function invoiceQuery(number: string) {
  return queryOptions({
    queryKey: ["billing", "invoice", number],
    queryFn: async ({ signal }) => (await getInvoice({ client, signal, path: { number } })).data,
  });
}

export const transactionsQuery = infiniteQueryOptions({
  queryKey: ["billing", "transactions"],
  queryFn: async ({ signal, pageParam }) => {
    const query = { limit: ROWS_A_PAGE, ...(pageParam && { cursor: pageParam }) };
    return (await transactions({ client, signal, query })).data;
  },
  initialPageParam: "",
  getNextPageParam: (page) => page.next_cursor,
});

export function latestTransactionsQuery(limit: number) {
  return queryOptions({
    queryKey: ["billing", "transactions", "latest", limit],
    queryFn: async ({ signal }) =>
      (await transactions({ client, signal, query: { limit } })).data.items,
    refetchInterval: DAYS_MS,
  });
}

export function statementQuery(range: { readonly from?: string; readonly to?: string }) {
  return queryOptions({
    queryKey: ["billing", "statement", range],
    queryFn: async ({ signal }) => (await statement({ client, signal, query: range })).data,
    placeholderData: keepPreviousData,
  });
}

/** A month of one service, by the day. */
export function daysQuery(service: ServiceWord, range: { from: string; to: string }) {
  const query = { ...range, bucket: "day", percentiles: false, service_type: service } as const;
  return queryOptions({
    queryKey: ["billing", "days", query],
    queryFn: async ({ signal }) => (await usageSeries({ client, signal, query })).data,
    refetchInterval: DAYS_MS,
  });
}

/** Every hour of a document's service: a month has at most 744 for each network. */
export function hoursQuery(source: Source, service: ServiceWord) {
  return queryOptions({
    queryKey: ["billing", "hours", source, service],
    queryFn: async ({ signal }) => readHours(source, service, signal),
    ...(source.draft && { refetchInterval: DAYS_MS }),
  });
}

async function readHours(source: Source, service: ServiceWord, signal: AbortSignal) {
  const hours: HourRow[] = [];
  let cursor: string | null | undefined;
  do {
    const query = { service_type: service, limit: HOURS_A_PAGE, ...(cursor && { cursor }) };
    const page = source.draft
      ? await draftHours({ client, signal, query })
      : await invoiceHours({ client, signal, path: { number: source.number }, query });
    hours.push(...page.data.items);
    cursor = page.data.next_cursor;
  } while (cursor);
  return hours;
}

/** The requests of one hour of a document's service. */
export function recordsQuery(
  source: Source,
  service: ServiceWord,
  hour: string,
  network: string | null,
) {
  return infiniteQueryOptions({
    queryKey: ["billing", "records", source, service, hour, network],
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        service_type: service,
        hour,
        limit: RECORDS_A_PAGE,
        ...(network !== null && { network }),
        ...(pageParam && { cursor: pageParam }),
      };
      const page = source.draft
        ? await draftRecords({ client, signal, query: { ...query, billed_only: false } })
        : await invoiceRecords({ client, signal, path: { number: source.number }, query });
      return page.data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
}
