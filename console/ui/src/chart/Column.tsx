import { memo } from "react";
import type { Counts } from "../api";
import { CLASSES, type ClassKey } from "../classes";
import type { LaneBox } from "./layout";
import { patternId } from "./Patterns";

/** Thinner marks than this are not drawn. */
const FAINT = 0.2;

export interface Segment {
  readonly key: ClassKey;
  readonly y: number;
  readonly height: number;
}

/**
 * The classes of a column from the bottom up. `floor` is the least height of what is there at all: errors
 * are seen however few; in the lane of all classes a hair of each would only blur the picture.
 */
export function stack(
  counts: Counts,
  keys: readonly ClassKey[],
  scaleTop: number,
  lane: LaneBox,
): readonly Segment[] {
  let y = lane.top + lane.height;
  const segments: Segment[] = [];
  for (const { key } of CLASSES) {
    if (!keys.includes(key) || counts[key] === 0) continue;
    const height = Math.max(lane.floor, (counts[key] / scaleTop) * lane.height);
    if (height < FAINT) continue;
    y -= height;
    segments.push({ key, y, height });
  }
  return segments;
}

interface ColumnProps {
  counts: Counts;
  keys: readonly ClassKey[];
  scaleTop: number;
  lane: LaneBox;
  x: number;
  width: number;
  filling: boolean;
  patterns: string;
}

/** One minute. Memoised: of sixty only the last changes at most repaints. */
export const Column = memo(function Column(props: ColumnProps) {
  const segments = stack(props.counts, props.keys, props.scaleTop, props.lane);
  return (
    <g opacity={props.filling ? 0.6 : 1}>
      {segments.map((segment) => (
        <SegmentMark
          key={segment.key}
          segment={segment}
          x={props.x}
          width={props.width}
          patterns={props.patterns}
        />
      ))}
    </g>
  );
});

function SegmentMark(props: { segment: Segment; x: number; width: number; patterns: string }) {
  const { segment, x, width, patterns } = props;
  const { key, y, height } = segment;
  switch (key) {
    case "guaranteed":
      return (
        <>
          <rect x={x} y={y} width={width} height={height} fill="var(--g-soft)" />
          <rect x={x} y={y} width={width} height={Math.min(2, height)} fill="var(--g)" />
        </>
      );
    case "rejected":
      return (
        <>
          <rect
            x={x}
            y={y}
            width={width}
            height={height}
            fill={`url(#${patternId(patterns, key)})`}
          />
          {height >= 2 && <rect x={x} y={y} width={width} height={1} fill="var(--r-t)" />}
        </>
      );
    case "other":
      return height < 2 || width < 3 ? (
        <rect x={x} y={y} width={width} height={height} fill="var(--o)" />
      ) : (
        <rect
          x={x + 0.5}
          y={y + 0.5}
          width={width - 1}
          height={height - 1}
          fill="none"
          stroke="var(--o)"
        />
      );
    default:
      return (
        <rect
          x={x}
          y={y}
          width={width}
          height={height}
          fill={`url(#${patternId(patterns, key)})`}
        />
      );
  }
}
