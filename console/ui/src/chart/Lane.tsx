import type { ClassKey } from "../classes";
import type { Bar } from "./bars";
import { Column } from "./Column";
import { type Columns, GUTTER, type LaneBox } from "./layout";
import { patternId } from "./Patterns";
import { formatAxis, niceScale } from "./scale";

/** The tallest column stays under the top line by this. */
const HEADROOM = 1.04;

interface LaneProps {
  bars: readonly Bar[];
  keys: readonly ClassKey[];
  lane: LaneBox;
  /** At most this many gridlines above zero. */
  steps: number;
  grid: Columns;
  width: number;
  patterns: string;
}

/** Stacked columns over their gridlines, on one scale. */
export function Lane({ bars, keys, lane, steps, grid, width, patterns }: LaneProps) {
  const totals = bars.map(({ counts }) => keys.reduce((sum, key) => sum + counts[key], 0));
  const scale = niceScale(Math.max(...totals) * HEADROOM, steps);
  const bottom = lane.top + lane.height;
  return (
    <g>
      {scale.ticks.map((tick) => {
        const y = Math.round(bottom - (tick / scale.top) * lane.height) + 0.5;
        return (
          <g key={tick}>
            <path
              d={`M${GUTTER} ${y}H${width}`}
              stroke={tick === 0 ? "var(--line-2)" : "var(--line)"}
            />
            <text x={GUTTER - 8} y={y + 4} textAnchor="end">
              {formatAxis(tick)}
            </text>
          </g>
        );
      })}
      <g className="chart-marks">
        {bars.map((bar, index) =>
          bar.truth === "unknown" ? (
            <rect
              key={bar.start}
              x={grid.left(index)}
              y={bottom - 6}
              width={grid.width}
              height={6}
              fill={`url(#${patternId(patterns, "unknown")})`}
            />
          ) : (
            <Column
              key={bar.start}
              counts={bar.counts}
              keys={keys}
              scaleTop={scale.top}
              lane={lane}
              x={grid.left(index)}
              width={grid.width}
              filling={bar.truth === "filling"}
              patterns={patterns}
            />
          ),
        )}
      </g>
    </g>
  );
}
