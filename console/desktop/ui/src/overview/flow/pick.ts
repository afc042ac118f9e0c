// Moving through the drawing by arrow keys: up and down among what stands over one another, left and right across it.
import type { Placed } from "./layout";

/** A node or a ribbon, by its key. */
export type Picked = string | null;

/** What stands over one another: the networks, what flows from them, the servers, what flows on, the backends. */
export function lanesOf({ nodes, ribbons }: Placed): readonly (readonly string[])[] {
  const column = (wanted: number) =>
    nodes.filter((node) => node.column === wanted).map(({ key }) => key);
  const between = (wanted: string) =>
    ribbons
      .filter(({ from }) => from.startsWith(wanted))
      .toSorted((a, b) => a.y - b.y)
      .map(({ key }) => key);
  return [column(0), between("0/"), column(1), between("1/"), column(2)];
}

export function move(
  lanes: readonly (readonly string[])[],
  at: Picked,
  key: string,
): Picked | undefined {
  const lane = at === null ? -1 : lanes.findIndex((keys) => keys.includes(at));
  const first = lanes.find((keys) => keys.length > 0)?.[0] ?? null;
  if (key === "Escape") return at === null ? undefined : null;
  if (!ARROWS.has(key)) return undefined;
  if (lane < 0 || at === null) return first;
  const keys = lanes[lane] ?? [];
  const index = keys.indexOf(at);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const to = clamp(index + (key === "ArrowUp" ? -1 : 1), keys.length);
    return keys[to] ?? at;
  }
  const step = key === "ArrowLeft" ? -1 : 1;
  const next = lanes[clamp(lane + step, lanes.length)] ?? keys;
  if (next === keys || next.length === 0) return at;
  // As high in the next as in this one.
  return next[Math.round((index / Math.max(1, keys.length - 1)) * (next.length - 1))] ?? at;
}

const ARROWS: ReadonlySet<string> = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);

function clamp(at: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at));
}
