import { GUTTER, type Places } from "./layout";
import { tickLabel, tickStep } from "./ticks";

/** Room that the label of the right edge needs, and half a label at the left. */
const EDGE_ROOM = 56;
const LABEL_HALF = 16;

interface TimeAxisProps {
  /** Ascending, evenly spaced. */
  times: readonly number[];
  /** Where the label of a time stands. */
  x: (index: number) => number;
  /** The x and the time of the right edge; null: it is now. */
  end: number;
  endTime: number | null;
  /** Of the labels. */
  baseline: number;
}

/** Times at round distances, and what the right edge is. */
export function TimeAxis({ times, x, end, endTime, baseline }: TimeAxisProps) {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return null;
  const step = last > first ? tickStep((end - GUTTER) / (last - first)) : null;
  return (
    <g>
      {times.map((time, index) => {
        const at = x(index);
        const fits = at > GUTTER + LABEL_HALF && at < end - EDGE_ROOM;
        if (step === null || time % step !== 0 || !fits) return null;
        return (
          <text key={time} x={at} y={baseline} textAnchor="middle">
            {tickLabel(time)}
          </text>
        );
      })}
      <text x={end} y={baseline} textAnchor="end" data-key={endTime === null}>
        {endTime === null ? "now" : tickLabel(endTime)}
      </text>
    </g>
  );
}

/** The dotted line that is now. */
export function NowLine({ x, top, bottom }: { x: number; top: number; bottom: number }) {
  return <path d={`M${x} ${top}V${bottom}`} stroke="var(--ink)" strokeDasharray="2 2" />;
}

interface CrosshairProps {
  places: Places;
  index: number | null;
  top: number;
  bottom: number;
}

export function Crosshair({ places, index, top, bottom }: CrosshairProps) {
  if (index === null) return null;
  return <path d={`M${places.center(index)} ${top}V${bottom}`} stroke="var(--ink)" />;
}
