import { formatMinute } from "../format/time";
import { MINUTE_MS } from "../timing";
import type { Bar } from "./bars";
import { type Columns, GUTTER, NARROW } from "./layout";

/** Room that "now" needs at the right edge, and half a label at the left. */
const NOW_ROOM = 48;
const LABEL_HALF = 16;

interface TimeAxisProps {
  bars: readonly Bar[];
  grid: Columns;
  width: number;
  /** Of the labels. */
  baseline: number;
}

/** Quarter hours (half hours where it is narrow), and "now". */
export function TimeAxis({ bars, grid, width, baseline }: TimeAxisProps) {
  const every = (width < NARROW ? 30 : 15) * MINUTE_MS;
  return (
    <g>
      {bars.map(({ start }, index) => {
        const x = grid.left(index);
        const fits = x > GUTTER + LABEL_HALF && x < width - NOW_ROOM;
        if (start % every !== 0 || !fits) return null;
        return (
          <text key={start} x={x} y={baseline} textAnchor="middle">
            {formatMinute(start)}
          </text>
        );
      })}
      <text x={width} y={baseline} textAnchor="end" data-key="true">
        now
      </text>
    </g>
  );
}
