import { useMemo } from "react";
import type { ClassKey } from "../classes";
import { ClassMarks } from "./ClassMarks";
import { Gridlines } from "./Gridlines";
import type { Columns, LaneBox } from "./layout";
import { patternId } from "./Patterns";
import type { Point } from "./point";
import { niceScale } from "./scale";
import { type Placed, rectangle } from "./stack";

/** The tallest column stays under the top line by this. */
const HEADROOM = 1.04;
/** The height of the hatched foot of a gap. */
export const GAP_FOOT = 6;
/** How much of a column is to be seen while it fills. */
const FILLING_OPACITY = 0.6;

interface LaneProps {
  points: readonly Point[];
  keys: readonly ClassKey[];
  lane: LaneBox;
  /** At most this many gridlines above zero. */
  steps: number;
  grid: Columns;
  width: number;
  patterns: string;
}

/** Stacked columns over their gridlines, on one scale. */
export function Lane({ points, keys, lane, steps, grid, width, patterns }: LaneProps) {
  const highest = points.reduce((top, { counts }) => Math.max(top, total(counts, keys)), 0);
  const scale = niceScale(highest * HEADROOM, steps);
  const bottom = lane.top + lane.height;
  const byTruth = useMemo(() => groupByTruth(points), [points]);
  const marks = { keys, scaleTop: scale.top, lane, grid, patterns };
  const gaps = byTruth.unknown.map(({ index }) =>
    rectangle(grid.left(index), bottom - GAP_FOOT, grid.width, GAP_FOOT),
  );
  return (
    <g>
      <Gridlines scale={scale} lane={lane} end={width} />
      <g className="chart-marks">
        <ClassMarks {...marks} placed={byTruth.final} />
        <g opacity={FILLING_OPACITY}>
          <ClassMarks {...marks} placed={byTruth.filling} />
        </g>
        {gaps.length > 0 && (
          <path d={gaps.join("")} fill={`url(#${patternId(patterns, "unknown")})`} />
        )}
      </g>
    </g>
  );
}

function total(counts: Point["counts"], keys: readonly ClassKey[]): number {
  let sum = 0;
  for (const key of keys) sum += counts[key];
  return sum;
}

function groupByTruth(points: readonly Point[]): Record<Point["truth"], readonly Placed[]> {
  const groups: Record<Point["truth"], Placed[]> = { final: [], filling: [], unknown: [] };
  points.forEach((point, index) => {
    groups[point.truth].push({ index, point });
  });
  return groups;
}
