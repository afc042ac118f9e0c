import { GAP_FOOT } from "./Lane";
import type { Columns } from "./layout";
import { patternId } from "./Patterns";
import { type PeakDay, peakParts } from "./peaks";
import { rectangle } from "./stack";

interface PeakMarksProps {
  days: readonly PeakDay[];
  guaranteed: number;
  burstTo: number | null;
  grid: Columns;
  y: (perSecond: number) => number;
  bottom: number;
  patterns: string;
}

const PARTS = ["guaranteed", "burst", "rejected"] as const;

/** A column for each day: within the guaranteed rate, above it within burst, above both. */
export function PeakMarks(props: PeakMarksProps) {
  const { days, guaranteed, burstTo, grid, y, bottom, patterns } = props;
  const paths = { guaranteed: "", burst: "", rejected: "", caps: "", unknown: "" };
  days.forEach(({ perSecond }, index) => {
    const x = grid.left(index);
    if (perSecond === null) {
      paths.unknown += rectangle(x, bottom - GAP_FOOT, grid.width, GAP_FOOT);
      return;
    }
    const parts = peakParts(perSecond, guaranteed, burstTo);
    let from = 0;
    for (const part of PARTS) {
      const to = from + parts[part];
      if (parts[part] > 0) paths[part] += rectangle(x, y(to), grid.width, y(from) - y(to));
      from = to;
    }
    // The cap is the busiest second itself: a column that goes on above has its end there.
    if (perSecond > 0 && parts.burst === 0 && parts.rejected === 0) {
      paths.caps += rectangle(x, y(perSecond), grid.width, 2);
    }
  });
  return (
    <g className="chart-marks">
      <path d={paths.guaranteed} fill="var(--g-soft)" />
      <path d={paths.caps} fill="var(--g)" />
      <path d={paths.burst} fill={`url(#${patternId(patterns, "burst")})`} />
      <path d={paths.rejected} fill={`url(#${patternId(patterns, "rejected")})`} />
      <path d={paths.unknown} fill={`url(#${patternId(patterns, "unknown")})`} />
    </g>
  );
}
