// Columns with more nodes than have room: the least of them are drawn as one.
import type { InfraLabels } from "@suiftly/ui/api/admin";
import type { Column, FlowNode } from "./flow";
import { NONE_KEY } from "./naming";

export interface Folded {
  readonly nodes: readonly FlowNode[];
  /** Which node stands for one that is not drawn by itself. */
  readonly places: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, InfraLabels>;
}

export function fold(nodes: readonly FlowNode[], most: number): Folded {
  const places = new Map<string, string>();
  const kept = ([0, 1, 2] as const).flatMap((column) => {
    const mine = nodes.filter((node) => node.column === column).sort(inOrder);
    if (mine.length <= most) return mine;
    const drawn = new Set(mine.toSorted((a, b) => rank(b) - rank(a)).slice(0, most - 1));
    const rest = mine.filter((node) => !drawn.has(node));
    const key = `${column}/others`;
    for (const node of rest) places.set(node.key, key);
    return [...mine.filter((node) => drawn.has(node)), together(key, column, rest)];
  });
  return { nodes: kept, places, groups: new Map(kept.map(({ key, group }) => [key, group])) };
}

/** What stands out is drawn by itself, however little it is. */
function rank({ isHot, requests }: FlowNode): number {
  return isHot ? Number.MAX_SAFE_INTEGER : requests;
}

function together(key: string, column: Column, rest: readonly FlowNode[]): FlowNode {
  const sum = (of: (node: FlowNode) => number) => rest.reduce((total, node) => total + of(node), 0);
  return {
    key,
    column,
    label: `${rest.length} others`,
    group: {},
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    p99: null,
    isHot: false,
  };
}

/** By name: figures move, places do not. Those without a backend stand last. */
function inOrder(a: FlowNode, b: FlowNode): number {
  const last = Number(a.key === NONE_KEY) - Number(b.key === NONE_KEY);
  return last || a.label.localeCompare(b.label, "en", { numeric: true });
}
