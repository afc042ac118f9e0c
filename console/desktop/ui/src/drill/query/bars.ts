// The bars: a measure over time.
import { infraHeatmap, infraSeries, usageSeries } from "@suiftly/ui/api/admin";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../../app/session";
import { keyOf } from "../../app/topics";
import { belongs, countOf, type Measure } from "../measure";
import type { Window } from "../window";
import { type Asked, gatewayScope, hasPart, times, usageScope } from "./shared";

interface Values {
  readonly values: ReadonlyMap<number, number>;
  readonly keptFrom: number;
  readonly completeTo: number;
}

/** The bars: of everybody, or of the customer chosen. */
export function wholeQuery(window: Window, { measure, slowMs, filter }: Asked) {
  const { customer_id, ...scope } = usageScope(filter);
  return queryOptions({
    queryKey: keyOf("traffic", "drill", "whole", window, measure, slowMs, customer_id, scope),
    queryFn: ({ signal }) =>
      measure === "slow"
        ? slowValues(window, scope, slowMs, signal)
        : usageValues(window, measure, usageScope(filter), signal),
    placeholderData: keepPreviousData,
  });
}

/** The bars of what is chosen among them. */
export function partQuery(window: Window, { measure, slowMs, filter }: Asked) {
  const scope = gatewayScope(filter);
  return queryOptions({
    queryKey: keyOf("traffic", "drill", "part", window, measure, slowMs, scope),
    queryFn: ({ signal }) =>
      measure === "slow"
        ? slowValues(window, scope, slowMs, signal)
        : gatewayValues(window, measure, scope, signal),
    enabled: hasPart(filter),
  });
}

async function usageValues(
  window: Window,
  measure: Exclude<Measure, "slow">,
  scope: ReturnType<typeof usageScope>,
  signal: AbortSignal,
): Promise<Values> {
  const query = { ...times(window), bucket: window.bucket, ...scope };
  const { data } = await usageSeries({ client, signal, query });
  const values = data.points.map(
    ({ start, counts }) => [Date.parse(start), countOf(measure, counts)] as const,
  );
  return valuesOf(values, data);
}

async function gatewayValues(
  window: Window,
  measure: Measure,
  scope: ReturnType<typeof gatewayScope>,
  signal: AbortSignal,
): Promise<Values> {
  const query = {
    ...times(window),
    bucket: window.bucket,
    ...scope,
    group_by: "backend_id,event_type,status_class",
  };
  const { data } = await infraSeries({ client, signal, query });
  const values = data.points.map(({ start, groups }) => {
    const mine = groups.filter(({ group }) => belongs(measure, group));
    return [Date.parse(start), mine.reduce((sum, { requests }) => sum + requests, 0)] as const;
  });
  return valuesOf(values, data);
}

/** Requests in the bands from `slowMs` on. */
async function slowValues(
  window: Window,
  scope: ReturnType<typeof gatewayScope>,
  slowMs: number,
  signal: AbortSignal,
): Promise<Values> {
  const query = { ...times(window), bucket: window.bucket, phase: "total" as const, ...scope };
  const { data } = await infraHeatmap({ client, signal, query });
  const slow = data.bands.map(({ from_ms }) => from_ms >= slowMs);
  const values = data.points.map(({ start, counts }) => {
    const sum = counts.reduce((all, count, band) => all + (slow[band] ? count : 0), 0);
    return [Date.parse(start), sum] as const;
  });
  return valuesOf(values, data);
}

function valuesOf(
  values: readonly (readonly [number, number])[],
  stand: { readonly from: string; readonly complete_to: string },
): Values {
  return {
    values: new Map(values),
    keptFrom: Date.parse(stand.from),
    completeTo: Date.parse(stand.complete_to),
  };
}
