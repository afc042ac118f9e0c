import { memo } from "react";
import type { Line } from "./LineChart";
import { spread } from "./layout";
import { areaPath, lastKnown, linePath } from "./lines";

interface LineMarksProps {
  series: readonly Line[];
  x: (index: number) => number;
  y: (value: number) => number;
  labels: readonly string[];
  labelX: number;
}

const STROKES = {
  thin: { stroke: "var(--ink)", strokeWidth: 1.25 },
  bold: { stroke: "var(--ink)", strokeWidth: 1.75 },
  dashed: { stroke: "var(--ink-2)", strokeWidth: 1.25, strokeDasharray: "4 3" },
} as const;

/** The lines, what they shade, and their labels. The crosshair moves over them without drawing them again. */
export const LineMarks = memo(
  function LineMarks({ series, x, y, labels, labelX }: LineMarksProps) {
    const ends = spread(
      series.map(({ values }) => y(lastKnown(values) ?? 0)),
      y(0),
    );
    const [first] = series;
    return (
      <g className="chart-marks">
        {series.map(
          (line) =>
            line.area && (
              <path
                key={line.key}
                d={areaPath(line.values, line === first ? null : (first?.values ?? null), x, y)}
                fill="var(--ink)"
                opacity="0.05"
              />
            ),
        )}
        {series.map((line, index) => (
          <g key={line.key}>
            <path
              d={linePath(line.values, x, y)}
              fill="none"
              strokeLinejoin="round"
              strokeLinecap="round"
              {...STROKES[line.weight]}
            />
            <text x={labelX} y={(ends[index] ?? 0) + 4} data-key={line.weight === "bold"}>
              {labels[index]}
            </text>
          </g>
        ))}
      </g>
    );
  },
  (a, b) =>
    a.series === b.series &&
    a.x === b.x &&
    a.labelX === b.labelX &&
    a.y(0) === b.y(0) &&
    a.y(1) === b.y(1) &&
    a.labels.join() === b.labels.join(),
);
