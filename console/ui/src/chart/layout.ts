// Where things are in a traffic chart, in pixels of the drawing.
import { CHART_MINUTES } from "../timing";

export const GUTTER = 40;
export const HEIGHT = 290;

export interface LaneBox {
  readonly top: number;
  readonly height: number;
  /** The least height of a mark. */
  readonly floor: number;
}

/** All classes, stacked. */
export const MAIN_LANE: LaneBox = { top: 12, height: 182, floor: 0 };
/** Errors alone, on their own scale: one is seen. */
export const ERROR_LANE: LaneBox = { top: 218, height: 44, floor: 1 };

export const AXIS_BASELINE = HEIGHT - 8;
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
  const pitch = Math.max(0, width - GUTTER) / CHART_MINUTES;
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
