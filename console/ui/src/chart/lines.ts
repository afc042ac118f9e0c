// Lines over time as path data. What is not known is a gap, never a zero.
import type { Columns, LaneBox } from "./layout";
import { GUTTER, type Places } from "./layout";
import { round } from "./stack";

export interface LinePlaces extends Places {
  readonly x: (index: number) => number;
}

/** Points from the gutter to `end`, the first and the last on the edges. */
export function linePlaces(count: number, end: number): LinePlaces {
  const pitch = (end - GUTTER) / Math.max(1, count - 1);
  const x = (index: number) => GUTTER + index * pitch;
  return {
    x,
    center: x,
    at: (at) => {
      const index = Math.round((at - GUTTER) / Math.max(pitch, Number.EPSILON));
      const inside = at >= GUTTER - pitch / 2 && at <= end + pitch / 2;
      return inside && index >= 0 && index < count ? index : null;
    },
  };
}

type Values = readonly (number | null)[];

/** From one known value to the next; a value alone is a dot (a line of no length, with round ends). */
export function linePath(values: Values, x: Columns["left"], y: (value: number) => number): string {
  let path = "";
  let known = false;
  values.forEach((value, index) => {
    if (value === null) {
      known = false;
      return;
    }
    path += `${known ? "L" : "M"}${round(x(index))} ${round(y(value))}`;
    if (!known && (values[index + 1] ?? null) === null) path += "h0";
    known = true;
  });
  return path;
}

/** What lies between a line and one below it (or the foot), wherever both are known. */
export function areaPath(
  values: Values,
  below: Values | null,
  x: Columns["left"],
  y: (value: number) => number,
): string {
  const known = (index: number) =>
    (values[index] ?? null) !== null && (below === null || (below[index] ?? null) !== null);
  return runs(values.length, known)
    .map(({ from, to }) => {
      const indexes = Array.from({ length: to - from + 1 }, (_, i) => from + i);
      const top = indexes.map((i) => `${round(x(i))} ${round(y(values[i] ?? 0))}`);
      const foot = indexes.map((i) => `${round(x(i))} ${round(y(below?.[i] ?? 0))}`);
      return `M${[...top, ...foot.toReversed()].join("L")}Z`;
    })
    .join("");
}

export interface Run {
  readonly from: number;
  readonly to: number;
}

/** The unbroken stretches of a condition. */
export function runs(count: number, holds: (index: number) => boolean): readonly Run[] {
  const found: Run[] = [];
  let from: number | null = null;
  for (let index = 0; index <= count; index += 1) {
    const inside = index < count && holds(index);
    if (inside && from === null) from = index;
    if (!inside && from !== null) {
      found.push({ from, to: index - 1 });
      from = null;
    }
  }
  return found;
}

/** Where a value stands in a lane whose top is `top`. */
export function heightOf(lane: LaneBox, top: number): (value: number) => number {
  return (value) => lane.top + lane.height * (1 - value / top);
}

/** The last value that is known. */
export function lastKnown(values: Values): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
