import { GUTTER, type LaneBox } from "./layout";
import { formatAxis, type Scale } from "./scale";

interface GridlinesProps {
  scale: Scale;
  lane: LaneBox;
  /** The x that they end at. */
  end: number;
}

/** Lines at round numbers, with the numbers in the gutter. */
export function Gridlines({ scale, lane, end }: GridlinesProps) {
  const bottom = lane.top + lane.height;
  return scale.ticks.map((tick) => {
    const y = Math.round(bottom - (tick / scale.top) * lane.height) + 0.5;
    return (
      <g key={tick}>
        <path d={`M${GUTTER} ${y}H${end}`} stroke={tick === 0 ? "var(--line-2)" : "var(--line)"} />
        <text x={GUTTER - 8} y={y + 4} textAnchor="end">
          {formatAxis(tick)}
        </text>
      </g>
    );
  });
}
