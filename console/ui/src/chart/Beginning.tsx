import { formatMinute } from "../format/time";
import type { Bar } from "./bars";
import { type Columns, GUTTER, type LaneBox } from "./layout";

/** Room for the words. */
const LEAST_WIDTH = 200;
const GAP = 8;

interface BeginningProps {
  bars: readonly Bar[];
  grid: Columns;
  lane: LaneBox;
}

/** Says, beside the first column, that what is empty before it is empty because nothing came. */
export function Beginning({ bars, grid, lane }: BeginningProps) {
  const index = bars.findIndex(({ counts }) => counts.requests > 0);
  const first = bars[index];
  if (first === undefined || grid.left(index) - GUTTER < LEAST_WIDTH) return null;
  return (
    <text x={grid.left(index) - GAP} y={lane.top + lane.height - GAP} textAnchor="end">
      No requests before {formatMinute(first.start)} this month
    </text>
  );
}
