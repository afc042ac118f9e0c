// The lines of the span, a page at a time.
import type { RecordLine } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { RecordFilter } from "./lines/fields";
import { linesQuery } from "./query/lines";
import type { Drilling } from "./useDrill";
import { recordsSpan } from "./window";

export type Lines = ReturnType<typeof useLines>;

const NONE: readonly RecordLine[] = [];

export function useLines({ span, now, filter, implied }: Drilling) {
  const records = span && recordsSpan(span, now);
  const times = records && { from: records.from, to: records.to };
  const all: RecordFilter = { ...implied, ...filter };
  const query = useInfiniteQuery(linesQuery(times, all));
  const { data, hasNextPage, isFetching, fetchNextPage } = query;
  const rows = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? NONE, [data]);
  const readOn = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return { query, rows, readOn, records, all, hasMore: hasNextPage };
}
