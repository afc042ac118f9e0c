import { type ReactNode, useMemo } from "react";
import { formatMinute } from "../format/time";
import type { Minute } from "../stream/minutes";
import { chartBars, lastMinute } from "./bars";
import { type ChartSize, UsageChart } from "./UsageChart";

export interface TrafficChartProps {
  minutes: readonly Minute[];
  /** Unix times in ms: the frontier, and the server's now. */
  completeTo: number;
  now: number;
  /** Whether these are all requests of the month: then the empty part before the first is explained. */
  whole: boolean;
  /** In pixels, of the drawing alone. */
  height?: number;
  /** Stands between the chart and its table. */
  legend?: ReactNode;
  /** As in `UsageChart`. */
  size?: ChartSize;
  /** Opens the minute that begins then. */
  onOpen?: (start: number) => void;
}

/** Requests by minute and class over the last hour; the right edge is now. */
export function TrafficChart(props: TrafficChartProps) {
  const { minutes, completeTo, now, whole, height, legend, size, onOpen } = props;
  const last = lastMinute(completeTo, now);
  const points = useMemo(() => chartBars(minutes, completeTo, last), [minutes, completeTo, last]);
  return (
    <UsageChart
      points={points}
      label="Minute"
      legend={legend}
      {...(height !== undefined && { height })}
      {...(size !== undefined && { size })}
      {...(onOpen !== undefined && { onOpen })}
      {...(whole && { beginning: noneBefore })}
    />
  );
}

export function noneBefore(start: number): string {
  return `No requests before ${formatMinute(start)} this month`;
}
