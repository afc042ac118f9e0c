import { useId, useMemo } from "react";
import { UNKNOWN } from "../format/number";
import { ChartTable } from "./ChartTable";
import { Gridlines } from "./Gridlines";
import { GAP_FOOT } from "./Lane";
import { LineMarks } from "./LineMarks";
import { AXIS, type LaneBox, TOP, tipLeft } from "./layout";
import { heightOf, linePlaces, runs } from "./lines";
import { Patterns, patternId } from "./Patterns";
import { type DayWord, dayWordOf, pointName } from "./point";
import { niceScale } from "./scale";
import { rectangle } from "./stack";
import { Crosshair, TimeAxis } from "./TimeAxis";
import { Tip, TipRow } from "./Tip";
import { useCrosshair } from "./useCrosshair";
import { useWidth } from "./useWidth";

export interface Line {
  readonly key: string;
  readonly label: string;
  /** One for each time; null is unknown. */
  readonly values: readonly (number | null)[];
  readonly weight: "thin" | "bold" | "dashed";
  /** Shades what is between this line and the first, or the foot where it is the first. */
  readonly area?: boolean;
}

export interface LineChartProps {
  /** The starts of the values' buckets, ascending. */
  times: readonly number[];
  series: readonly Line[];
  /** A value as text, without its unit. */
  format: (value: number) => string;
  unit: string;
  height?: number;
  /** What it shows: "Response time". */
  label: string;
  /** Whether the right edge is now. */
  live?: boolean;
}

const HEIGHT = 190;
const HEADROOM = 1.04;
/** What a letter of a label takes, so that the lines end where their words begin. */
const LETTER = 6.4;
const LABEL_GAP = 6;

/** Lines over time, each labelled at its end. */
export function LineChart(props: LineChartProps) {
  const { times, series, format, unit, height = HEIGHT, label, live = false } = props;
  const patterns = useId();
  const summaryId = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const said = (value: number | null) => withUnit(value, format, unit);
  const points = useMemo(() => spans(times), [times]);
  const day = dayWordOf(points);
  const room = Math.max(...series.map((line) => endLabel(line, said).length)) * LETTER + LABEL_GAP;
  const end = Math.max(0, width - room);
  const places = useMemo(() => linePlaces(times.length, end), [times.length, end]);
  const lane = useMemo(
    (): LaneBox => ({ top: TOP, height: height - TOP - AXIS, floor: 0 }),
    [height],
  );
  const scale = useMemo(() => niceScale(highest(series) * HEADROOM, 3), [series]);
  const { index, handlers } = useCrosshair(points, places);
  const bottom = lane.top + lane.height;
  const at = index ?? times.length - 1;
  const here = points[at];
  const words = here && `${pointName(here, day)}, ${valuesInWords(series, at, said)}`;
  return (
    <figure>
      <p id={summaryId} className="visually-hidden">
        {summarizeLines(label, series, points, day, said)}
      </p>
      <div
        ref={ref}
        className="chart chart-plot"
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-describedby={summaryId}
        aria-valuemin={1}
        aria-valuemax={Math.max(1, times.length)}
        aria-valuenow={at + 1}
        aria-valuetext={words}
        {...handlers}
      >
        <svg width={width} height={height} aria-hidden="true">
          <Patterns prefix={patterns} />
          <Gridlines scale={scale} lane={lane} end={end} />
          <path
            d={gapFeet(series, places.x, bottom)}
            fill={`url(#${patternId(patterns, "unknown")})`}
          />
          <LineMarks
            series={series}
            x={places.x}
            y={heightOf(lane, scale.top)}
            labels={series.map((line) => endLabel(line, said))}
            labelX={end + LABEL_GAP}
          />
          <TimeAxis
            times={times}
            x={places.x}
            end={end}
            endTime={live ? null : (points.at(-1)?.end ?? null)}
            baseline={height - 8}
          />
          <Crosshair places={places} index={index} top={lane.top - 4} bottom={bottom} />
        </svg>
        {highest(series) === 0 && series.every(({ values }) => values.every((v) => v === null)) && (
          <p className="chart-empty">Nothing was measured in this time.</p>
        )}
        {index !== null && here && (
          <Tip left={tipLeft(places.center(index), width)} title={pointName(here, day)}>
            {series.toReversed().map((line) => (
              <TipRow key={line.key} word={line.label}>
                {said(line.values[index] ?? null)}
              </TipRow>
            ))}
          </Tip>
        )}
      </div>
      <ChartTable
        caption={`${label}, newest first`}
        columns={["Time", ...series.map((line) => line.label)]}
        rows={() =>
          points.toReversed().map((point, fromEnd) => (
            <tr key={point.start}>
              <th scope="row">{pointName(point, day)}</th>
              {series.map((line) => (
                <td key={line.key} className="number" data-word={line.label}>
                  {said(line.values[points.length - 1 - fromEnd] ?? null)}
                </td>
              ))}
            </tr>
          ))
        }
      />
    </figure>
  );
}

type Said = (value: number | null) => string;

function withUnit(value: number | null, format: (value: number) => string, unit: string): string {
  if (value === null) return UNKNOWN;
  const text = format(value);
  return unit === "" || text.endsWith(unit) ? text : `${text} ${unit}`;
}

function endLabel({ label, values }: Line, said: Said): string {
  return `${label} ${said(values.at(-1) ?? null)}`;
}

/** Each time ends where the next begins; the last is as long as the one before it. */
function spans(times: readonly number[]): readonly { start: number; end: number }[] {
  const [first = 0, second = first] = times;
  const step = second - first;
  return times.map((start, index) => ({ start, end: times[index + 1] ?? start + step }));
}

function highest(series: readonly Line[]): number {
  let top = 0;
  for (const { values } of series) for (const value of values) top = Math.max(top, value ?? 0);
  return top;
}

/** Hatched where no line knows anything. */
function gapFeet(series: readonly Line[], x: (index: number) => number, bottom: number): string {
  const count = series[0]?.values.length ?? 0;
  const unknown = (index: number) => series.every(({ values }) => (values[index] ?? null) === null);
  return runs(count, unknown)
    .map(({ from, to }) => {
      const left = x(Math.max(0, from - 1));
      const right = x(Math.min(count - 1, to + 1));
      return rectangle(left, bottom - GAP_FOOT, Math.max(1, right - left), GAP_FOOT);
    })
    .join("");
}

function valuesInWords(series: readonly Line[], index: number, said: Said): string {
  return series
    .map(({ label, values }) => {
      const value = values[index] ?? null;
      return `${label} ${value === null ? "unknown" : said(value)}`.trim();
    })
    .join(", ");
}

function summarizeLines(
  label: string,
  series: readonly Line[],
  points: readonly { start: number; end: number }[],
  day: DayWord,
  said: Said,
): string {
  const parts = series.map((line) => {
    const top = highest([line]);
    const at = points[line.values.indexOf(top)];
    if (at === undefined) return `${line.label}: nothing measured.`;
    return `${line.label}: at most ${said(top)}, at ${pointName(at, day)}.`;
  });
  return `${label}. ${parts.join(" ")}`;
}
