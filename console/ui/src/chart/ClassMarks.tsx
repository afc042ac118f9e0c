import { memo } from "react";
import { CLASSES, type ClassKey } from "../classes";
import type { Columns, LaneBox } from "./layout";
import { patternId } from "./Patterns";
import { marksOf, type Placed } from "./stack";

interface ClassMarksProps {
  placed: readonly Placed[];
  keys: readonly ClassKey[];
  scaleTop: number;
  lane: LaneBox;
  grid: Columns;
  patterns: string;
}

const FILLS: Partial<Record<ClassKey, string>> = { guaranteed: "var(--g-soft)", other: "var(--o)" };
const CAPS: Partial<Record<ClassKey, string>> = { guaranteed: "var(--g)", rejected: "var(--r-t)" };

/** Columns by class. Drawn again only when one of them changes: of most repaints that is the last alone. */
export const ClassMarks = memo(function ClassMarks(props: ClassMarksProps) {
  const { placed, keys, scaleTop, lane, grid, patterns } = props;
  const { bodies, caps, outlines } = marksOf(placed, keys, scaleTop, lane, grid);
  return (
    <>
      {CLASSES.map(({ key }) => (
        <g key={key}>
          {bodies[key] && <path d={bodies[key]} fill={fillOf(key, patterns)} />}
          {caps[key] && <path d={caps[key]} fill={CAPS[key]} />}
        </g>
      ))}
      {outlines && <path d={outlines} fill="none" stroke="var(--o)" />}
    </>
  );
}, sameMarks);

function fillOf(key: ClassKey, patterns: string): string {
  return FILLS[key] ?? `url(#${patternId(patterns, key)})`;
}

function sameMarks(a: ClassMarksProps, b: ClassMarksProps): boolean {
  return (
    a.scaleTop === b.scaleTop &&
    a.keys === b.keys &&
    a.lane === b.lane &&
    a.grid === b.grid &&
    a.patterns === b.patterns &&
    a.placed.length === b.placed.length &&
    a.placed.every(({ index, point }, at) => {
      const other = b.placed[at];
      return other?.index === index && other.point.counts === point.counts;
    })
  );
}
