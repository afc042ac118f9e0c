import { type Columns, GUTTER, type LaneBox } from "./layout";
import type { Point } from "./point";

/** Room for the words. */
const LEAST_WIDTH = 200;
const GAP = 8;

interface BeginningProps {
  points: readonly Point[];
  grid: Columns;
  lane: LaneBox;
  /** Says that nothing came before a time. */
  words: (start: number) => string;
}

/** Says, beside the first column, that what is empty before it is empty because nothing came. */
export function Beginning({ points, grid, lane, words }: BeginningProps) {
  const index = points.findIndex(({ counts }) => counts.requests > 0);
  const first = points[index];
  if (first === undefined || grid.left(index) - GUTTER < LEAST_WIDTH) return null;
  return (
    <text x={grid.left(index) - GAP} y={lane.top + lane.height - GAP} textAnchor="end">
      {words(first.start)}
    </text>
  );
}
