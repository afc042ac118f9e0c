// Where nodes and ribbons stand: heights by volume, none so low that its label would not fit.
import type { Column, Flow, FlowLink, FlowNode } from "./flow";

export const NODE_WIDTH = 5;
/** A label's line. */
const LEAST_HEIGHT = 14;
const GAPS = [18, 7, 4] as const;
/** The thinnest ribbon that is seen. */
const LEAST_RIBBON = 0.75;

export interface PlacedNode extends FlowNode {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export interface Ribbon extends FlowLink {
  readonly path: string;
  /** Its middle, for a tip. */
  readonly x: number;
  readonly y: number;
  /** Its middle line: a thin ribbon that is hot is drawn as a line. */
  readonly line: string;
  readonly thickness: number;
}

export interface Placed {
  readonly nodes: readonly PlacedNode[];
  readonly ribbons: readonly Ribbon[];
}

/** How many nodes of a column have room. */
export function roomFor(height: number): number {
  return Math.max(2, Math.floor((height + GAPS[2]) / (LEAST_HEIGHT + GAPS[2])));
}

/** `columns`: where each column's nodes begin. */
export function place(
  { nodes, links }: Flow,
  height: number,
  columns: readonly [number, number, number],
): Placed {
  const placed = ([0, 1, 2] as const).flatMap((column) =>
    stack(
      nodes.filter((node) => node.column === column),
      height,
      column,
      columns[column],
    ),
  );
  const at = new Map(placed.map((node) => [node.key, node]));
  const [used, taken] = [new Map<string, number>(), new Map<string, number>()];
  const order = new Map(placed.map(({ key }, index) => [key, index]));
  const index = (key: string) => order.get(key) ?? 0;
  const sorted = links.toSorted(
    (a, b) => index(a.from) - index(b.from) || index(a.to) - index(b.to),
  );
  const ribbons = sorted.flatMap((link): Ribbon[] => {
    const [from, to] = [at.get(link.from), at.get(link.to)];
    if (from === undefined || to === undefined) return [];
    const [left, right] = [part(link, from), part(link, to)];
    const top = from.y + (used.get(link.from) ?? 0);
    const toTop = to.y + (taken.get(link.to) ?? 0);
    used.set(link.from, (used.get(link.from) ?? 0) + left);
    taken.set(link.to, (taken.get(link.to) ?? 0) + right);
    return [ribbon(link, from.x + NODE_WIDTH, to.x, [top, left], [toTop, right])];
  });
  return { nodes: placed, ribbons };
}

function part({ requests }: FlowLink, node: PlacedNode): number {
  return node.requests === 0 ? 0 : (requests / node.requests) * node.height;
}

function stack(
  nodes: readonly FlowNode[],
  height: number,
  column: Column,
  x: number,
): readonly PlacedNode[] {
  const gap = Math.min(GAPS[column], height / Math.max(1, 3 * nodes.length));
  const heights = shares(
    nodes.map(({ requests }) => requests),
    height - gap * Math.max(0, nodes.length - 1),
  );
  let y = 0;
  return nodes.map((node, index) => {
    const own = heights[index] ?? 0;
    const placed = { ...node, x, y, height: own };
    y += own + gap;
    return placed;
  });
}

/** Heights by volume that add up to `whole`. What the low are given, the high give by how high they are. */
export function shares(volumes: readonly number[], whole: number): readonly number[] {
  const total = volumes.reduce((sum, volume) => sum + volume, 0);
  const least = Math.min(LEAST_HEIGHT, whole / Math.max(1, volumes.length));
  const wanted = volumes.map((volume) =>
    Math.max(least, total === 0 ? 0 : (volume / total) * whole),
  );
  const over = wanted.reduce((sum, height) => sum + height, 0) - whole;
  const spare = wanted.reduce((sum, height) => sum + height - least, 0);
  if (spare <= 0) return wanted;
  return wanted.map((height) => height - (over * (height - least)) / spare);
}

function ribbon(
  link: FlowLink,
  xa: number,
  xb: number,
  [ya, ha]: readonly [number, number],
  [yb, hb]: readonly [number, number],
): Ribbon {
  const middle = (xa + xb) / 2;
  const [left, right] = [Math.max(LEAST_RIBBON, ha), Math.max(LEAST_RIBBON, hb)];
  const n = (value: number) => value.toFixed(1);
  const curve = (a: number, b: number) => `C${n(middle)} ${n(a)} ${n(middle)} ${n(b)}`;
  const [ca, cb] = [ya + ha / 2, yb + hb / 2];
  return {
    ...link,
    x: middle,
    y: (ca + cb) / 2,
    thickness: Math.min(left, right),
    line: `M${n(xa)} ${n(ca)}${curve(ca, cb)} ${n(xb)} ${n(cb)}`,
    path:
      `M${n(xa)} ${n(ya)}${curve(ya, yb)} ${n(xb)} ${n(yb)}V${n(yb + right)}` +
      `${curve(yb + right, ya + left)} ${n(xa)} ${n(ya + left)}Z`,
  };
}
