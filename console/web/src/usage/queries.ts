// What the page reads. The address of its figures is the key: another range or filter is another reading.
import {
  draftRecords,
  type SeriesBucket,
  usagePeaks,
  usageSeries,
  usageSummary,
} from "@suiftly/ui/api/customer";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../app/client";
import type { UsageSearch } from "./search";
import { DAY, type Days, dayText, instant, type Span } from "./span";

/** What goes on is read again so often: money and percentiles, which the live stream does not tell. */
const GOING_ON_MS = 10_000;
/** … and what a filter keeps the live stream from telling. */
const FILTERED_MS = 2_000;
const PEAKS_MS = 30_000;
const RECORDS_AT_ONCE = 50;

export type Filters = Pick<UsageSearch, "service" | "network">;

export function filterQuery({ service, network }: Filters) {
  return { ...(service && { service_type: service }), ...(network && { network }) };
}

interface SeriesAsked {
  readonly span: Pick<Span, "from" | "to">;
  readonly bucket: SeriesBucket;
  readonly filters: Filters;
  readonly percentiles: boolean;
  /** Whether its end is still to come. */
  readonly goesOn: boolean;
}

export function seriesQuery({ span, bucket, filters, percentiles, goesOn }: SeriesAsked) {
  const query = {
    bucket,
    from: instant(span.from),
    to: instant(span.to),
    percentiles,
    ...filterQuery(filters),
  };
  const filtered = filters.service !== undefined || filters.network !== undefined;
  return queryOptions({
    queryKey: ["usage", "series", query],
    queryFn: async ({ signal }) => (await usageSeries({ client, signal, query })).data,
    // The range moves on by itself: what it was is shown until what it is has come.
    placeholderData: keepPreviousData,
    refetchInterval: goesOn && (filtered && bucket === "minute" ? FILTERED_MS : GOING_ON_MS),
  });
}

export function summaryQuery(days: Days | null, filters: Filters) {
  const query = { ...(days && { from: days.from, to: days.to }), ...filterQuery(filters) };
  return queryOptions({
    queryKey: ["usage", "summary", query],
    queryFn: async ({ signal }) =>
      (await usageSummary({ client, signal, query: { ...query, percentiles: false } })).data,
    enabled: days !== null,
    placeholderData: keepPreviousData,
  });
}

/** The API keeps days of this many. */
const PEAK_DAYS_MAX = 90;

export function peaksQuery(span: Pick<Span, "from">, now: number, filters: Filters) {
  const today = Date.parse(dayText(now));
  const days = Math.min(PEAK_DAYS_MAX, Math.ceil((today + DAY - span.from) / DAY));
  const query = { days, ...filterQuery(filters) };
  return queryOptions({
    queryKey: ["usage", "peaks", query],
    queryFn: async ({ signal }) => (await usagePeaks({ client, signal, query })).data,
    placeholderData: keepPreviousData,
    refetchInterval: PEAKS_MS,
  });
}

/** The requests of an hour, billed or not, page by page. */
export function recordsQuery(hour: string, filters: Filters) {
  const query = {
    hour: `${hour}:00:00Z`,
    billed_only: false,
    limit: RECORDS_AT_ONCE,
    ...filterQuery(filters),
  };
  return infiniteQueryOptions({
    queryKey: ["usage", "records", query],
    queryFn: async ({ signal, pageParam }) => {
      const page = { ...query, ...(pageParam !== null && { cursor: pageParam }) };
      return (await draftRecords({ client, signal, query: page })).data;
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
}

/** Where the same figures are a file. It is made of whole hours. */
export function exportHref({ from, to, rows }: Span, filters: Filters): string {
  const hour = 60 * 60 * 1000;
  const query = new URLSearchParams({
    bucket: rows.bucket === "day" ? "day" : "hour",
    from: instant(Math.floor(from / hour) * hour),
    to: instant(Math.ceil(to / hour) * hour),
    ...filterQuery(filters),
  });
  return `/api/v1/usage/export.csv?${query}`;
}
