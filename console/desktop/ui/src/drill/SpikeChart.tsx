import {
  columns,
  formatCount,
  formatMinute,
  Gridlines,
  GUTTER,
  NowLine,
  niceScale,
  Patterns,
  patternId,
  TimeAxis,
  Tip,
  TipRow,
  tipLeft,
  useWidth,
} from "@suiftly/ui";
import { memo, useId, useMemo } from "react";
import type { Measure } from "./measure";
import type { Bar } from "./spike";
import { useBrush } from "./useBrush";
import type { Span, Window } from "./window";

const HEIGHT = 140;
const TOP = 8;
const AXIS = 22;
const LANE = { top: TOP, height: HEIGHT - TOP - AXIS, floor: 1 };
const BOTTOM = LANE.top + LANE.height;

interface SpikeChartProps {
  bars: readonly Bar[];
  window: Window;
  span: Span | null;
  measure: Measure;
  word: string;
  onSpan: (span: Span) => void;
}

/** Bars over time, and the span chosen among them. */
export function SpikeChart({ bars, window, span, measure, word, onSpan }: SpikeChartProps) {
  const patterns = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const grid = useMemo(() => columns(width, bars.length), [width, bars.length]);
  const { drawn, hovered, handlers } = useBrush(bars, grid, onSpan);
  const scale = niceScale(Math.max(...bars.map(({ value }) => value), 0) * 1.04, 2);
  const shown = drawn ?? span;
  const hover = hovered === null ? undefined : bars[hovered];
  const fill = fillOf(measure, patterns);
  return (
    <figure>
      <div
        ref={ref}
        className="chart chart-plot drill-chart"
        data-testid="drill-spike"
        role="slider"
        tabIndex={0}
        aria-label={`${word}: the span chosen. Left and right move it, with Shift they widen it.`}
        aria-valuemin={window.from}
        aria-valuemax={window.to}
        aria-valuenow={shown?.from ?? window.from}
        aria-valuetext={shown ? spanWords(shown) : "no span"}
        {...handlers}
      >
        <svg width={width} height={HEIGHT} aria-hidden="true">
          <Patterns prefix={patterns} />
          <Gridlines scale={scale} lane={LANE} end={width} />
          {shown && <Brush span={shown} window={window} width={width} />}
          <Marks
            bars={bars}
            top={scale.top}
            width={width}
            fill={fill}
            gap={patternId(patterns, "unknown")}
          />
          <TimeAxis
            times={bars.map(({ from }) => from)}
            x={grid.left}
            end={width}
            endTime={window.live ? null : window.to}
            baseline={HEIGHT - 6}
          />
          {window.live && <NowLine x={width - 0.5} top={TOP - 4} bottom={BOTTOM} />}
        </svg>
        {hover && hovered !== null && drawn === null && (
          <Tip
            left={tipLeft(grid.center(hovered), width)}
            title={spanWords(hover)}
            aside={hover.truth === "unknown" ? "no data" : hover.truth}
          >
            <TipRow word={word}>
              {hover.truth === "unknown" ? "–" : formatCount(hover.value)}
            </TipRow>
            {hover.part !== null && (
              <TipRow word="Of what is chosen">{formatCount(hover.part)}</TipRow>
            )}
          </Tip>
        )}
      </div>
      <table className="visually-hidden">
        <caption>{word} over time</caption>
        <tbody>
          {bars.map(({ from, value, truth }) => (
            <tr key={from}>
              <th scope="row">{formatMinute(from)}</th>
              <td>{truth === "unknown" ? "no data" : value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function fillOf(measure: Measure, patterns: string): string {
  if (measure === "requests" || measure === "slow") return "var(--ink-4)";
  return `url(#${patternId(patterns, measure)})`;
}

function spanWords({ from, to }: Span): string {
  return `${formatMinute(from)} – ${formatMinute(to)}`;
}

/** The frame about what is chosen. */
function Brush({ span, window, width }: { span: Span; window: Window; width: number }) {
  const inner = width - GUTTER - 3;
  const place = (ms: number) =>
    GUTTER +
    (Math.min(Math.max(ms, window.from), window.to) - window.from) *
      (inner / (window.to - window.from));
  const [left, right] = [Math.round(place(span.from)), Math.round(place(span.to))];
  if (right <= left) return null;
  return (
    <g className="drill-brush">
      <rect x={left} y={TOP - 6} width={right - left} height={BOTTOM - TOP + 6} />
      <path d={`M${left} ${TOP - 6}H${right}`} />
    </g>
  );
}

interface MarksProps {
  bars: readonly Bar[];
  top: number;
  width: number;
  fill: string;
  gap: string;
}

/** What is chosen stands out of the whole; what is still filling is paler; what is not known is hatched at its foot. */
const Marks = memo(function Marks({ bars, top, width, fill, gap }: MarksProps) {
  const grid = columns(width, bars.length);
  const of = (some: (bar: Bar) => boolean, value: (bar: Bar) => number) =>
    bars
      .flatMap((bar, at) => {
        if (!some(bar) || value(bar) === 0) return [];
        const height = Math.max(LANE.floor, (value(bar) / top) * LANE.height);
        return `M${grid.left(at)} ${BOTTOM}v${-height}h${grid.width}v${height}z`;
      })
      .join("");
  const isPart = bars.some(({ part }) => part !== null);
  const shown = ({ part, value }: Bar) => part ?? value;
  const gaps = bars.flatMap(({ truth }, at) =>
    truth === "unknown" ? `M${grid.left(at)} ${BOTTOM}v-6h${grid.width}v6z` : [],
  );
  return (
    <g>
      {isPart && (
        <path
          className="drill-whole"
          d={of(
            () => true,
            ({ value }) => value,
          )}
        />
      )}
      <path d={of(({ truth }) => truth === "final", shown)} fill={fill} />
      <path
        className="drill-filling"
        d={of(({ truth }) => truth === "filling", shown)}
        fill={fill}
      />
      {gaps.length > 0 && <path d={gaps.join("")} fill={`url(#${gap})`} />}
    </g>
  );
});
