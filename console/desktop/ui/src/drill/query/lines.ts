// The lines of a span, and one of them: in the bill, and what came after it.
import { type RecordLine, type RecordsData, recordBill, records } from "@suiftly/ui/api/admin";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { DrillSearch } from "../../app/search";
import { client } from "../../app/session";
import { keyOf } from "../../app/topics";
import type { RecordFilter } from "../lines/fields";
import { chosenPlace, placeText } from "../lines/place";
import { firstAnswered, type Retry, retrySpans } from "../request/retry";
import type { Span } from "../window";
import { times } from "./shared";

const PAGE_LINES = 100;

/** Lines of a span, the latest first, a page at a time. */
export function linesQuery(span: Span | null, filter: RecordFilter) {
  return infiniteQueryOptions({
    queryKey: keyOf("past", "drill", "lines", span, filter),
    queryFn: async ({ signal, pageParam }) => {
      const query: RecordsData["query"] = {
        ...times(span as Span),
        ...filter,
        limit: PAGE_LINES,
        ...(pageParam !== null && { cursor: pageParam }),
      };
      return (await records({ client, signal, query })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? null,
    enabled: span !== null,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The line that an address names. */
export function lineQuery(search: Pick<DrillSearch, "at" | "line" | "journal">) {
  const { at } = search;
  const place = chosenPlace(search);
  return queryOptions({
    queryKey: keyOf("past", "drill", "line", at, place),
    queryFn: async ({ signal }): Promise<RecordLine | null> => {
      const from = Date.parse(at ?? "");
      const query = { ...times({ from, to: from + 1 }), limit: PAGE_LINES };
      const { items } = (await records({ client, signal, query })).data;
      return items.find((item) => placeText(item) === place) ?? null;
    },
    enabled: place !== null && !Number.isNaN(Date.parse(at ?? "")),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** A request followed into the bill. */
export function billQuery({ timestamp, journal_offset, journal = 0 }: RecordLine) {
  const query = { timestamp, journal_offset, journal };
  return queryOptions({
    queryKey: keyOf("past", "drill", "bill", query),
    queryFn: async ({ signal }) => (await recordBill({ client, signal, query })).data,
    retry: false,
  });
}

/** Whether its key was answered well within a minute. */
export function retryQuery(line: RecordLine, failed: boolean) {
  return queryOptions({
    queryKey: keyOf("past", "drill", "retry", line.timestamp, placeText(line)),
    queryFn: ({ signal }) => findRetry(line, signal),
    enabled: failed && line.api_key_fp !== 0,
  });
}

async function findRetry(line: RecordLine, signal: AbortSignal): Promise<Retry | null> {
  const { api_key_fp, customer_id } = line;
  for (const span of retrySpans(line)) {
    const query = {
      ...times(span),
      api_key_fp,
      ...(customer_id != null && { customer_id }),
      limit: PAGE_LINES,
    };
    const { data } = await records({ client, signal, query });
    const found = firstAnswered(line, data.items, data.next_cursor != null);
    if (found !== null) return found;
  }
  return null;
}
