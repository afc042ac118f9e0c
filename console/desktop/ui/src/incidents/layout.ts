// Where things stand in the timeline's drawing, in pixels.
import { LANES, type Lane } from "./events";
import type { Span } from "./span";

export const LEFT = 104;
export const RIGHT = 8;
export const LANE = 20;
export const CHART = 58;
export const GAP = 8;
export const FOOT = 18;

export const LANE_KEYS = Object.keys(LANES) as readonly Lane[];

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Where the lines end. */
  readonly end: number;
  readonly x: (ms: number) => number;
  readonly timeAt: (px: number) => number;
  readonly topOf: (metric: number) => number;
}

export function layoutOf(span: Span, width: number, metrics: number): Layout {
  const room = Math.max(1, width - LEFT - RIGHT);
  const length = span.to - span.from;
  const top = LANE_KEYS.length * LANE + GAP;
  return {
    width,
    height: top + metrics * (CHART + GAP) + FOOT,
    end: width - RIGHT,
    x: (ms) => LEFT + ((ms - span.from) / length) * room,
    timeAt: (px) => span.from + Math.min(1, Math.max(0, (px - LEFT) / room)) * length,
    topOf: (metric) => top + metric * (CHART + GAP),
  };
}
