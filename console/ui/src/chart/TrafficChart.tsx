import { type ReactNode, useId, useMemo } from "react";
import { CLASSES, ERROR_KEYS } from "../classes";
import type { Minute } from "../stream/minutes";
import { Beginning } from "./Beginning";
import { chartBars, lastMinute } from "./bars";
import { Lane } from "./Lane";
import { columns, GUTTER, LEAST_HEIGHT, lanes, tipLeft } from "./layout";
import { MinuteTable } from "./MinuteTable";
import { Patterns } from "./Patterns";
import { describeBar, summarize } from "./summary";
import { TimeAxis } from "./TimeAxis";
import { Tip } from "./Tip";
import { useCrosshair } from "./useCrosshair";
import { useWidth } from "./useWidth";

const ALL_KEYS = CLASSES.map(({ key }) => key);

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
}

/** Requests by minute and class over the last hour; the right edge is now. */
export function TrafficChart(props: TrafficChartProps) {
  const { minutes, completeTo, now, whole, height = LEAST_HEIGHT, legend } = props;
  const patterns = useId();
  const summaryId = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const grid = useMemo(() => columns(width), [width]);
  const boxes = useMemo(() => lanes(height), [height]);
  const last = lastMinute(completeTo, now);
  const bars = useMemo(() => chartBars(minutes, completeTo, last), [minutes, completeTo, last]);
  const { index, handlers } = useCrosshair(bars, grid);
  const active = index === null ? undefined : bars[index];
  const described = active ?? bars.at(-1);
  const summary = summarize(bars);
  const empty = bars.every(({ counts }) => counts.requests === 0);
  const lane = { bars, grid, width, patterns };
  return (
    <figure>
      <p id={summaryId} className="visually-hidden">
        {summary}
      </p>
      <div
        ref={ref}
        className="chart chart-plot"
        role="slider"
        tabIndex={0}
        aria-label="Minute"
        aria-describedby={summaryId}
        aria-valuemin={1}
        aria-valuemax={bars.length}
        aria-valuenow={(index ?? bars.length - 1) + 1}
        aria-valuetext={described && describeBar(described)}
        {...handlers}
      >
        <svg width={width} height={boxes.height} aria-hidden="true">
          <Patterns prefix={patterns} />
          <Lane {...lane} keys={ALL_KEYS} lane={boxes.main} steps={4} />
          <Lane {...lane} keys={ERROR_KEYS} lane={boxes.errors} steps={2} />
          <text x={GUTTER} y={boxes.errors.top - 8}>
            errors only
          </text>
          {whole && <Beginning bars={bars} grid={grid} lane={boxes.main} />}
          <TimeAxis bars={bars} grid={grid} width={width} baseline={boxes.axis} />
          <path
            d={`M${width - 0.5} ${boxes.main.top - 2}V${boxes.bottom}`}
            stroke="var(--ink)"
            strokeDasharray="2 2"
          />
          {index !== null && (
            <path
              d={`M${grid.center(index)} ${boxes.main.top - 4}V${boxes.bottom}`}
              stroke="var(--ink)"
            />
          )}
        </svg>
        {empty && <p className="chart-empty">{summary}</p>}
        {active && index !== null && <Tip bar={active} left={tipLeft(grid.center(index), width)} />}
      </div>
      {legend}
      <MinuteTable bars={bars} />
    </figure>
  );
}
