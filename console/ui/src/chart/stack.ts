// The classes of columns as shapes. All columns of one class are one path: thousands of marks stay cheap.
import type { Counts } from "../api";
import { CLASSES, type ClassKey } from "../classes";
import type { Columns, LaneBox } from "./layout";
import type { Point } from "./point";

/** Thinner marks than this are not drawn. */
const FAINT = 0.2;
/** From this size on a mark has a cap or an outline of its own. */
const CAPPED = 2;
const OUTLINED = 3;
const CAP = 2;

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

export interface Placed {
  readonly index: number;
  readonly point: Point;
}

/** Path data: the bodies of each class, the caps of those that have one, and outlines. */
export interface Marks {
  readonly bodies: Partial<Record<ClassKey, string>>;
  readonly caps: Partial<Record<ClassKey, string>>;
  /** Of *other*, where it is large enough not to be filled. */
  readonly outlines: string;
}

export function marksOf(
  placed: readonly Placed[],
  keys: readonly ClassKey[],
  scaleTop: number,
  lane: LaneBox,
  grid: Columns,
): Marks {
  const bodies: Partial<Record<ClassKey, string>> = {};
  const caps: Partial<Record<ClassKey, string>> = {};
  let outlines = "";
  for (const { index, point } of placed) {
    const x = grid.left(index);
    const { width } = grid;
    for (const { key, y, height } of stack(point.counts, keys, scaleTop, lane)) {
      if (key === "other" && height >= CAPPED && width >= OUTLINED) {
        outlines += rectangle(x + 0.5, y + 0.5, width - 1, height - 1);
        continue;
      }
      bodies[key] = (bodies[key] ?? "") + rectangle(x, y, width, height);
      const cap = capHeight(key, height);
      if (cap > 0) caps[key] = (caps[key] ?? "") + rectangle(x, y, width, cap);
    }
  }
  return { bodies, caps, outlines };
}

function capHeight(key: ClassKey, height: number): number {
  if (key === "guaranteed") return Math.min(CAP, height);
  return key === "rejected" && height >= CAPPED ? 1 : 0;
}

export function rectangle(x: number, y: number, width: number, height: number): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
