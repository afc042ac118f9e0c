import { useId, useMemo } from "react";
import { Count } from "../components/Count";
import { formatCount } from "../format/number";
import { formatDay, formatWeekday } from "../format/time";
import { DAY_MS } from "../timing";
import { ChartTable } from "./ChartTable";
import { AXIS, columns, GUTTER, type LaneBox, spread, TOP, tipLeft } from "./layout";
import { heightOf } from "./lines";
import { Patterns } from "./Patterns";
import { PeakMarks } from "./PeakMarks";
import type { PeakDay } from "./peaks";
import { Crosshair, TimeAxis } from "./TimeAxis";
import { Tip, TipRow } from "./Tip";
import { useCrosshair } from "./useCrosshair";
import { useWidth } from "./useWidth";

export interface PeakChartProps {
  /** Ascending, day by day, to today. */
  days: readonly PeakDay[];
  /** The plan's rates, requests a second. */
  guaranteed: number;
  burstTo: number | null;
  /** The guaranteed rate of the plan one thinks of. */
  chosen?: { readonly label: string; readonly perSecond: number };
  height?: number;
}

const HEIGHT = 224;
const HEADROOM = 1.02;
const LABEL_ROOM = 138;
/** Narrower than this the lines' words stand above them, at their end. */
const NARROW = 500;

interface RateLine {
  readonly perSecond: number;
  readonly label: string;
  readonly kind: "now" | "burst" | "chosen";
}

/** The peak of each day against what is guaranteed, what burst reaches, and what another plan holds. */
export function PeakChart({ days, guaranteed, burstTo, chosen, height = HEIGHT }: PeakChartProps) {
  const patterns = useId();
  const summaryId = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const narrow = width < NARROW;
  const end = Math.max(0, width - (narrow ? 0 : LABEL_ROOM));
  const grid = useMemo(() => columns(width, days.length, end), [width, days.length, end]);
  const lane = useMemo(
    (): LaneBox => ({ top: TOP, height: height - TOP - AXIS, floor: 0 }),
    [height],
  );
  const rates = rateLines(guaranteed, burstTo, chosen);
  const highest = Math.max(
    ...rates.map((rate) => rate.perSecond),
    ...days.map((d) => d.perSecond ?? 0),
  );
  const y = heightOf(lane, highest * HEADROOM);
  const bottom = lane.top + lane.height;
  const { index, handlers } = useCrosshair(days, grid);
  const active = index === null ? undefined : days[index];
  const described = active ?? days.at(-1);
  return (
    <figure>
      <p id={summaryId} className="visually-hidden">
        {summarizePeaks(days, guaranteed, burstTo)}
      </p>
      <div
        ref={ref}
        className="chart chart-plot"
        role="slider"
        tabIndex={0}
        aria-label="Day"
        aria-describedby={summaryId}
        aria-valuemin={1}
        aria-valuemax={Math.max(1, days.length)}
        aria-valuenow={(index ?? days.length - 1) + 1}
        aria-valuetext={described && describeDay(described)}
        {...handlers}
      >
        <svg width={width} height={height} aria-hidden="true">
          <Patterns prefix={patterns} />
          {burstTo !== null && burstTo > guaranteed && (
            <rect
              x={GUTTER}
              y={y(burstTo)}
              width={Math.max(0, end - GUTTER)}
              height={y(guaranteed) - y(burstTo)}
              fill="var(--b)"
              opacity="0.07"
            />
          )}
          <path d={`M${GUTTER} ${bottom + 0.5}H${end}`} stroke="var(--line-2)" />
          <PeakMarks
            days={days}
            guaranteed={guaranteed}
            burstTo={burstTo}
            grid={grid}
            y={y}
            bottom={bottom}
            patterns={patterns}
          />
          <RateLines rates={rates} y={y} end={end} narrow={narrow} />
          <TimeAxis
            times={days.map(({ start }) => start)}
            x={grid.left}
            end={end}
            endTime={null}
            baseline={height - 8}
          />
          <Crosshair places={grid} index={index} top={lane.top - 4} bottom={bottom} />
        </svg>
        {active && index !== null && (
          <Tip left={tipLeft(grid.center(index), width)} title={formatWeekday(active.start)}>
            <TipRow word="Peak, requests / s">
              <Count value={active.perSecond} />
            </TipRow>
            <TipRow word="Burst that day">
              <Count value={active.burst} />
            </TipRow>
            <TipRow word="Rejected that day">
              <Count value={active.rejected} />
            </TipRow>
          </Tip>
        )}
      </div>
      <PeakTable days={days} />
    </figure>
  );
}

function rateLines(
  guaranteed: number,
  burstTo: number | null,
  chosen: PeakChartProps["chosen"],
): readonly RateLine[] {
  const rates: RateLine[] = [{ perSecond: guaranteed, label: "guaranteed now", kind: "now" }];
  if (burstTo !== null) rates.push({ perSecond: burstTo, label: "burst now", kind: "burst" });
  if (chosen && chosen.perSecond !== guaranteed) rates.push({ ...chosen, kind: "chosen" });
  return rates;
}

interface RateLinesProps {
  rates: readonly RateLine[];
  y: (perSecond: number) => number;
  end: number;
  narrow: boolean;
}

function RateLines({ rates, y, end, narrow }: RateLinesProps) {
  const places = spread(
    rates.map(({ perSecond }) => y(perSecond)),
    y(0),
  );
  return rates.map(({ perSecond, label, kind }, index) => {
    const line = Math.round(y(perSecond)) + 0.5;
    const at = places[index] ?? line;
    return (
      <g key={kind}>
        <path
          d={`M${GUTTER} ${line}H${end}`}
          stroke={kind === "chosen" ? "var(--ink)" : "var(--ink-4)"}
          strokeDasharray={kind === "burst" ? "4 3" : undefined}
        />
        <text x={GUTTER - 8} y={at + 4} textAnchor="end">
          {formatCount(perSecond)}
        </text>
        <text
          x={narrow ? end : end + 8}
          y={narrow ? line - 5 : at + 4}
          textAnchor={narrow ? "end" : "start"}
          data-key={kind === "chosen"}
        >
          {label}
        </text>
      </g>
    );
  });
}

function PeakTable({ days }: { days: readonly PeakDay[] }) {
  return (
    <ChartTable
      caption="The peak of each day in requests a second, newest first"
      columns={["Day", "Peak, requests / s", "Burst", "Rejected"]}
      rows={() =>
        days.toReversed().map(({ start, perSecond, burst, rejected }) => (
          <tr key={start}>
            <th scope="row">{formatWeekday(start)}</th>
            <td className="number" data-word="Peak, requests / s">
              <Count value={perSecond} />
            </td>
            <td className="number" data-word="Burst">
              <Count value={burst} />
            </td>
            <td className="number" data-word="Rejected">
              <Count value={rejected} />
            </td>
          </tr>
        ))
      }
    />
  );
}

function describeDay({ start, perSecond, burst, rejected }: PeakDay): string {
  const day = formatWeekday(start);
  if (perSecond === null) return `${day}, not known`;
  return (
    `${day}, ${formatCount(perSecond)} requests a second at its peak, ` +
    `${formatCount(burst)} burst and ${formatCount(rejected)} rejected that day`
  );
}

function summarizePeaks(
  days: readonly PeakDay[],
  guaranteed: number,
  burstTo: number | null,
): string {
  const known = days.filter(({ perSecond }) => perSecond !== null);
  const [first] = known;
  if (first === undefined) return "No peak is known in this time.";
  const peak = known.reduce((a, b) => ((b.perSecond ?? 0) > (a.perSecond ?? 0) ? b : a));
  const above = known.filter(({ perSecond }) => (perSecond ?? 0) > guaranteed).length;
  const limit = burstTo === null ? "" : ` Burst reaches ${formatCount(burstTo)}.`;
  const span =
    Math.round(((days.at(-1)?.start ?? first.start) - (days[0]?.start ?? 0)) / DAY_MS) + 1;
  return (
    `The peak of each of ${span} days: at most ${formatCount(peak.perSecond)} requests a second, ` +
    `on ${formatDay(peak.start)}. ${above} days passed the guaranteed ${formatCount(guaranteed)}.${limit}`
  );
}
