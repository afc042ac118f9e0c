// The cells of a span, and its raw records counted.
import { infraSummary, type RecordSummary, recordsSummary } from "@suiftly/ui/api/admin";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../../app/session";
import { keyOf } from "../../app/topics";
import { type Cells, cellsOf, cellsOfRecords } from "../cells";
import type { RecordFilter } from "../lines/fields";
import { type Measure, recordSums } from "../measure";
import { type Counted, combine } from "../records";
import { aligned, before, type Span, spanBucket, type Window } from "../window";
import { type Asked, times, usageScope } from "./shared";

const GROUPS_MAX = 100;
const GATEWAY_GROUPS = "server_id,service_type,backend_id,event_type,status_class";

/** Whether cells have to be counted from raw records: those of a customer, and of slow requests. */
export function needsRecords({ measure, filter }: Asked): boolean {
  return measure === "slow" || filter.customer_id !== undefined;
}

/** Cells by gateway, backend and end, with what they had the same length before. */
export function cellsQuery(span: Span, asked: Asked, now: number) {
  const { measure, filter } = asked;
  const { customer_id: _, ...scope } = usageScope(filter);
  const { bucket, step } = spanBucket(before(span), now);
  const whole = aligned(span, step);
  return queryOptions({
    queryKey: keyOf("traffic", "drill", "cells", whole, measure, scope),
    queryFn: ({ signal }) => gatewayCells(whole, { measure, bucket, scope }, signal),
    placeholderData: keepPreviousData,
  });
}

/** The same, counted from raw records. */
export function recordCellsQuery(span: Span, asked: Asked) {
  const { measure, slowMs, filter } = asked;
  return queryOptions({
    queryKey: keyOf("past", "drill", "cells", span, measure, slowMs, usageScope(filter)),
    queryFn: ({ signal }) => recordCells(span, asked, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

interface GatewayCells {
  readonly measure: Measure;
  readonly bucket: Window["bucket"];
  readonly scope: Pick<RecordFilter, "service_type" | "network">;
}

async function gatewayCells(
  span: Span,
  { measure, bucket, scope }: GatewayCells,
  signal: AbortSignal,
): Promise<Cells> {
  const ask = async (at: Span) => {
    const query = { ...times(at), bucket, ...scope, group_by: GATEWAY_GROUPS };
    return (await infraSummary({ client, signal, query })).data.groups;
  };
  const [rows, earlier] = await Promise.all([ask(span), ask(before(span))]);
  return cellsOf(measure, rows, earlier);
}

async function recordCells(span: Span, asked: Asked, signal: AbortSignal): Promise<Cells> {
  const groupBy = "server_id,backend_id,event_type,termination_state";
  const all = { ...asked, filter: usageScope(asked.filter) };
  const [mine, earlier] = await Promise.all([
    counted(span, all, groupBy, signal),
    counted(before(span), all, groupBy, signal),
  ]);
  return cellsOfRecords(mine.groups, earlier.groups);
}

/** Raw records of the measure by customer or key; and who is hit, and what it cost. */
export function countedQuery(span: Span | null, asked: Asked, groupBy: string) {
  const { measure, slowMs, filter } = asked;
  return queryOptions({
    queryKey: keyOf("past", "drill", "counted", span, measure, slowMs, filter, groupBy),
    queryFn: ({ signal }): Promise<Counted> => counted(span as Span, asked, groupBy, signal),
    enabled: span !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** How many customers had any requests. */
export function customersQuery(span: Span | null, filter: RecordFilter) {
  const scope = usageScope(filter);
  return queryOptions({
    queryKey: keyOf("past", "drill", "customers", span, scope),
    queryFn: async ({ signal }) =>
      (await recordsSummary({ client, signal, query: { ...times(span as Span), ...scope } })).data
        .customers,
    enabled: span !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

async function counted(
  span: Span,
  { measure, slowMs, filter }: Asked,
  groupBy: string,
  signal: AbortSignal,
): Promise<Counted> {
  const ask = async (of: RecordFilter): Promise<RecordSummary> => {
    // What is chosen is narrower than what the measure says.
    const query = { ...times(span), ...of, ...filter, group_by: groupBy, limit: GROUPS_MAX };
    return (await recordsSummary({ client, signal, query })).data;
  };
  const { plus, minus } = recordSums(measure, slowMs, filter.traffic_type);
  const [added, taken] = await Promise.all([
    Promise.all(plus.map(ask)),
    Promise.all(minus.map(ask)),
  ]);
  return combine(added, taken);
}
