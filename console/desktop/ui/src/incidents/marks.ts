// Marks on the lanes of a timeline: events that would lie on each other are one mark with their count.
import type { Weight } from "../logs/message";
import { type Happening, LANES, type Lane } from "./events";

export interface Mark {
  readonly lane: Lane;
  /** Of the first and the last of them, in pixels. */
  readonly from: number;
  readonly to: number;
  /** The gravest of them. */
  readonly weight: Weight;
  /** The latest first. */
  readonly events: readonly Happening[];
}

/** A mark's width and the air beside it. */
export const MARK_PX = 14;
const GRAVEST: readonly Weight[] = ["bad", "warn", "ok", "info"];

export function marksOf(events: readonly Happening[], x: (ms: number) => number): readonly Mark[] {
  const lanes = Object.keys(LANES) as Lane[];
  return lanes.flatMap((lane) => {
    const own = events.filter((one) => one.lane === lane).toSorted((a, b) => a.at - b.at);
    return together(own, x).map((group) => markOf(lane, group, x));
  });
}

function together(events: readonly Happening[], x: (ms: number) => number) {
  const groups: Happening[][] = [];
  for (const event of events) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (group !== undefined && before !== undefined && x(event.at) - x(before.at) < MARK_PX)
      group.push(event);
    else groups.push([event]);
  }
  return groups;
}

function markOf(lane: Lane, group: readonly Happening[], x: (ms: number) => number): Mark {
  const [first, last] = [group[0], group.at(-1)];
  const weight = GRAVEST.find((one) => group.some((event) => event.weight === one)) ?? "info";
  return {
    lane,
    from: x(first?.at ?? 0),
    to: x(last?.at ?? 0),
    weight,
    events: group.toReversed(),
  };
}

export function middleOf({ from, to }: Mark): number {
  return (from + to) / 2;
}

/** The mark on a lane under the pointer. */
export function markAt(marks: readonly Mark[], lane: Lane | undefined, px: number): Mark | null {
  const reach = MARK_PX / 2 + 2;
  const under = marks.filter(
    (mark) => mark.lane === lane && px >= mark.from - reach && px <= mark.to + reach,
  );
  return nearest(under, px);
}

/** The mark that lies nearest, on any lane. */
export function nearest(marks: readonly Mark[], px: number): Mark | null {
  const away = ({ from, to }: Mark) => Math.max(from - px, px - to, 0);
  return marks.reduce<Mark | null>(
    (best, mark) => (best === null || away(mark) < away(best) ? mark : best),
    null,
  );
}

export function markWith(marks: readonly Mark[], id: string | undefined): Mark | null {
  return marks.find(({ events }) => events.some((event) => event.id === id)) ?? null;
}
