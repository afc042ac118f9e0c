// All that the page shows of a range and its filters, the live stream's share in it.
import { type Counts, explain, type Point, type Problem } from "@suiftly/ui";
import type { Series } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { useLive } from "../app/live";
import { useLastError } from "../app/useLastError";
import {
  type CountsByStart,
  countsByStart,
  type Frontier,
  sumPoints,
  type UsageRow,
  usagePoints,
  usageRows,
} from "./points";
import { seriesQuery } from "./queries";
import type { UsageSearch } from "./search";
import { DAY, type Span, spanOf } from "./span";

/** A longer range charted by hour takes its response times from its days: fewer rows have to be read. */
const TIMES_BY_HOUR = 7 * DAY;

export interface Usage {
  readonly search: UsageSearch;
  readonly span: Span;
  readonly now: number;
  /** Whether the range has not ended. */
  readonly goesOn: boolean;
  readonly counts: Counts;
  readonly points: readonly Point[];
  readonly rows: readonly UsageRow[];
  /** What the rows are of, with their money and response times. */
  readonly read: Series;
  /** What the response times are drawn from, and its step. */
  readonly times: { readonly series: Series; readonly step: number };
  /** Of another range or filter, until this one's figures have come. */
  readonly isOlder: boolean;
}

export interface UsageState {
  readonly usage: Usage | null;
  readonly problem: Problem | null;
  readonly retry: () => void;
}

export function useUsage(search: UsageSearch): UsageState {
  const { view } = useLive();
  const now = view.now > 0 ? view.now : Date.now();
  const { range, from, to, service, network } = search;
  const moment = spanOf(search, now);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a span is its two ends and what was asked; its steps follow
  const span = useMemo(() => moment, [moment.from, moment.to, range, from, to]);
  const goesOn = span.to > now;
  const asked = { span, filters: search, goesOn };
  const timesOfChart = span.chart.bucket !== "hour" || span.to - span.from <= TIMES_BY_HOUR;
  const chart = useQuery(
    seriesQuery({ ...asked, bucket: span.chart.bucket, percentiles: timesOfChart }),
  );
  const rows = useQuery(seriesQuery({ ...asked, bucket: span.rows.bucket, percentiles: true }));
  const read = useMemo(() => countsByStart(chart.data, span.chart.step), [chart.data, span]);
  const [chartError, rowsError] = [useLastError(chart), useLastError(rows)];
  const failed = chartError ?? rowsError;
  const retry = () => void Promise.all([chart.refetch(), rows.refetch()]);
  const problem = failed === null ? null : explain(failed);
  const isOlder = chart.isPlaceholderData || rows.isPlaceholderData;
  const unfiltered = service === undefined && network === undefined;
  const { usage: live } = view.state;
  const minutes = unfiltered && live !== null ? live.minutes : null;
  let usage: Usage | null = null;
  if (chart.data !== undefined && rows.data !== undefined && !isOlder) {
    const completeTo = live?.completeTo ?? Date.parse(chart.data.complete_to);
    const frontier = { now, completeTo, minutes };
    const shown = { span, chart: chart.data, rows: rows.data, read, frontier };
    usage = { ...put(shown, timesOfChart), search, now, goesOn, isOlder };
  }
  // What was asked before stands, as it was, until what is asked now has come.
  const last = useRef(usage);
  useEffect(() => {
    if (usage !== null) last.current = usage;
  });
  if (usage === null && last.current !== null) {
    usage = { ...last.current, isOlder: last.current.search !== search };
  }
  return { usage, problem, retry };
}

interface Shown {
  readonly span: Span;
  readonly chart: Series;
  readonly rows: Series;
  readonly read: CountsByStart;
  readonly frontier: Frontier;
}

function put({ span, chart, rows, read, frontier }: Shown, timesOfChart: boolean) {
  const points = usagePoints(span, read, Date.parse(chart.from), frontier);
  return {
    span,
    points,
    counts: sumPoints(points),
    rows: usageRows(span, rows.points, points),
    read: rows,
    times: timesOfChart
      ? { series: chart, step: stepOf(chart) }
      : { series: rows, step: stepOf(rows) },
  };
}

const STEPS = { minute: 60_000, five_minutes: 300_000, hour: 3_600_000, day: DAY } as const;

function stepOf({ bucket }: Series): number {
  return STEPS[bucket];
}
