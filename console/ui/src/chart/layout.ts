// Where things are in a traffic chart, in pixels of the drawing.
import { CHART_MINUTES } from "../timing";

export const GUTTER = 40;
/** Keeps the last column off the line that is now. */
const END = 3;
/** The drawing's height where nothing else is asked for; it is not drawn lower. */
export const LEAST_HEIGHT = 290;
const TOP = 12;
const BETWEEN = 24;
const AXIS = 28;
/** The part of the lanes that is for errors. */
const ERROR_PART = 0.195;

export interface LaneBox {
  readonly top: number;
  readonly height: number;
  /** The least height of a mark. */
  readonly floor: number;
}

export interface Lanes {
  readonly height: number;
  /** All classes, stacked. */
  readonly main: LaneBox;
  /** Errors alone, on their own scale: one is seen. */
  readonly errors: LaneBox;
  /** The foot of both lanes, and the baseline of the labels under it. */
  readonly bottom: number;
  readonly axis: number;
}

export function lanes(wanted: number): Lanes {
  const height = Math.max(LEAST_HEIGHT, Math.floor(wanted));
  const both = height - TOP - BETWEEN - AXIS;
  const errors = Math.round(both * ERROR_PART);
  const bottom = height - AXIS;
  return {
    height,
    main: { top: TOP, height: both - errors, floor: 0 },
    errors: { top: bottom - errors, height: errors, floor: 1 },
    bottom,
    axis: height - 8,
  };
}

export const NARROW = 500;
export const TIP_WIDTH = 212;
const TIP_GAP = 12;

export interface Columns {
  readonly width: number;
  readonly left: (index: number) => number;
  readonly center: (index: number) => number;
  /** The column under an x, or null outside the plot. */
  readonly at: (x: number) => number | null;
}

export function columns(width: number): Columns {
  const pitch = Math.max(0, width - GUTTER - END) / CHART_MINUTES;
  const gap = pitch > 7 ? 2 : 1;
  return {
    width: Math.max(1, pitch - gap),
    left: (index) => GUTTER + index * pitch + gap / 2,
    center: (index) => GUTTER + (index + 0.5) * pitch,
    at: (x) => {
      const index = Math.floor((x - GUTTER) / pitch);
      return index >= 0 && index < CHART_MINUTES ? index : null;
    },
  };
}

/** Beside the crosshair, on the side with more room, inside the chart. */
export function tipLeft(center: number, width: number): number {
  const left = center > width / 2 ? center - TIP_GAP - TIP_WIDTH : center + TIP_GAP;
  return Math.min(Math.max(0, left), Math.max(0, width - TIP_WIDTH));
}
