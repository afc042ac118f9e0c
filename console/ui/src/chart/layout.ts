// Where things are in a chart, in pixels of the drawing.

export const GUTTER = 40;
/** Keeps the last column off the line that is now. */
const END = 3;
/** The drawing's height where nothing else is asked for; with the errors' lane it is not drawn lower. */
export const LEAST_HEIGHT = 290;
export const SMALL_HEIGHT = 140;
export const TOP = 12;
const BETWEEN = 24;
export const AXIS = 28;
/** The part of the lanes that is for errors. */
const ERROR_PART = 0.195;
const DENSE = { top: 5, between: 17, axis: 18, errorPart: 0.4 } as const;

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
  /** Errors alone, on their own scale: one is seen. A small chart has no room for them. */
  readonly errors: LaneBox | null;
  /** The foot of the lanes, and the baseline of the labels under it. */
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

/** Both lanes in little height: of an operator's pane among others. Errors get more of it, or they could not be read. */
export function denseLanes(wanted: number): Lanes {
  const height = Math.floor(wanted);
  const bottom = height - DENSE.axis;
  const both = bottom - DENSE.top - DENSE.between;
  const errors = Math.round(both * DENSE.errorPart);
  return {
    height,
    main: { top: DENSE.top, height: both - errors, floor: 0 },
    errors: { top: bottom - errors, height: errors, floor: 1 },
    bottom,
    axis: height - 4,
  };
}

export function smallLanes(wanted: number): Lanes {
  const height = Math.floor(wanted);
  const bottom = height - AXIS;
  return {
    height,
    main: { top: TOP, height: bottom - TOP, floor: 1 },
    errors: null,
    bottom,
    axis: height - 8,
  };
}

export const TIP_WIDTH = 212;
const TIP_GAP = 12;

/** What a crosshair needs to know of a chart. */
export interface Places {
  readonly center: (index: number) => number;
  /** The place under an x, or null outside the plot. */
  readonly at: (x: number) => number | null;
}

export interface Columns extends Places {
  readonly width: number;
  readonly left: (index: number) => number;
}

/** Columns of one width, from the gutter to `end` (the drawing's width unless something stands beside them). */
export function columns(width: number, count: number, end = width - END): Columns {
  const pitch = Math.max(0, end - GUTTER) / Math.max(1, count);
  const gap = gapOf(pitch);
  return {
    width: Math.max(0.5, pitch - gap),
    left: (index) => GUTTER + index * pitch + gap / 2,
    center: (index) => GUTTER + (index + 0.5) * pitch,
    at: (x) => {
      const index = Math.floor((x - GUTTER) / pitch);
      return index >= 0 && index < count ? index : null;
    },
  };
}

function gapOf(pitch: number): number {
  if (pitch > 7) return 2;
  if (pitch > 3.4) return 1;
  // Many thin columns: what parts them must not be half of the picture.
  return pitch > 2 ? 0.5 : 0;
}

/** Beside the crosshair, on the side with more room, inside the chart. */
export function tipLeft(center: number, width: number): number {
  const left = center > width / 2 ? center - TIP_GAP - TIP_WIDTH : center + TIP_GAP;
  return Math.min(Math.max(0, left), Math.max(0, width - TIP_WIDTH));
}

const LABEL_LINE = 13;

/** Labels beside their lines, moved apart as far as they need to be read, none below the foot, in the order of the lines. */
export function spread(wanted: readonly number[], foot: number): readonly number[] {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  const places = [...wanted];
  let last = Number.NEGATIVE_INFINITY;
  for (const { y, index } of order) {
    last = Math.max(y, last + LABEL_LINE);
    places[index] = last;
  }
  let lowest = foot;
  for (const { index } of order.toReversed()) {
    places[index] = Math.min(places[index] ?? lowest, lowest);
    lowest = (places[index] ?? lowest) - LABEL_LINE;
  }
  return places;
}
