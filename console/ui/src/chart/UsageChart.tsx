import { type ReactNode, useId, useMemo } from "react";
import { CLASSES, ERROR_KEYS } from "../classes";
import { Beginning } from "./Beginning";
import { Lane } from "./Lane";
import {
  columns,
  denseLanes,
  GUTTER,
  LEAST_HEIGHT,
  lanes,
  SMALL_HEIGHT,
  smallLanes,
  tipLeft,
} from "./layout";
import { Patterns } from "./Patterns";
import { PointTable } from "./PointTable";
import { dayWordOf, type Point } from "./point";
import { describePoint, summarize } from "./summary";
import { Crosshair, NowLine, TimeAxis } from "./TimeAxis";
import { PointTip } from "./Tip";
import { useCrosshair } from "./useCrosshair";
import { useWidth } from "./useWidth";

const ALL_KEYS = CLASSES.map(({ key }) => key);
/** Gridlines of the main lane. */
const STEPS = { full: 4, small: 2, dense: 3 } as const;
const LANES = { full: lanes, small: smallLanes, dense: denseLanes } as const;

export type ChartSize = "small" | "dense";

export interface UsageChartProps {
  /** Ascending, of one length. */
  points: readonly Point[];
  /** In pixels, of the drawing alone. */
  height?: number;
  /** Stands between the chart and its table. */
  legend?: ReactNode;
  /** What the arrow keys move through, for those who do not see it: "Hour". */
  label: string;
  /** Opens what is behind a column: by a click, or Enter. */
  onOpen?: (start: number) => void;
  /** A small one has no lane of its own for errors; a dense one is drawn as low as it is asked to. */
  size?: ChartSize;
  /** Where these are all requests there ever were: says so beside the first. */
  beginning?: (start: number) => string;
}

/** Requests by class in columns of time. While its last column fills, the right edge is now. */
export function UsageChart(props: UsageChartProps) {
  const { points, legend, label, onOpen, size, beginning } = props;
  const height = props.height ?? (size === "small" ? SMALL_HEIGHT : LEAST_HEIGHT);
  const patterns = useId();
  const summaryId = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const grid = useMemo(() => columns(width, points.length), [width, points.length]);
  const boxes = useMemo(() => LANES[size ?? "full"](height), [height, size]);
  const summary = useMemo(() => summarize(points), [points]);
  const times = useMemo(() => points.map(({ start }) => start), [points]);
  const day = dayWordOf(points);
  const { index, handlers } = useCrosshair(points, grid, onOpen);
  const active = index === null ? undefined : points[index];
  const last = points.at(-1);
  const described = active ?? last;
  const live = last !== undefined && last.truth !== "final";
  const empty = points.every(({ counts }) => counts.requests === 0);
  const lane = { points, grid, width, patterns };
  return (
    <figure>
      <p id={summaryId} className="visually-hidden">
        {summary} {onOpen && "Enter opens what is behind the chosen one."}
      </p>
      <div
        ref={ref}
        className="chart chart-plot"
        data-opens={onOpen !== undefined}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-describedby={summaryId}
        aria-valuemin={1}
        aria-valuemax={points.length}
        aria-valuenow={(index ?? points.length - 1) + 1}
        aria-valuetext={described && describePoint(described, day)}
        {...handlers}
      >
        <svg width={width} height={boxes.height} aria-hidden="true">
          <Patterns prefix={patterns} />
          <Lane {...lane} keys={ALL_KEYS} lane={boxes.main} steps={STEPS[size ?? "full"]} />
          {boxes.errors && (
            <>
              <Lane {...lane} keys={ERROR_KEYS} lane={boxes.errors} steps={2} />
              <text x={GUTTER} y={boxes.errors.top - 8}>
                errors only
              </text>
            </>
          )}
          {beginning && (
            <Beginning points={points} grid={grid} lane={boxes.main} words={beginning} />
          )}
          <TimeAxis
            times={times}
            x={grid.left}
            end={width}
            endTime={live ? null : (last?.end ?? null)}
            baseline={boxes.axis}
          />
          {live && <NowLine x={width - 0.5} top={boxes.main.top - 2} bottom={boxes.bottom} />}
          <Crosshair places={grid} index={index} top={boxes.main.top - 4} bottom={boxes.bottom} />
        </svg>
        {empty && <p className="chart-empty">{summary}</p>}
        {active && index !== null && (
          <PointTip point={active} day={day} left={tipLeft(grid.center(index), width)} />
        )}
      </div>
      {legend}
      <PointTable points={points} />
    </figure>
  );
}
