// Where the heat map's cells stand, and what a key moves to.
import { type Heat, heatLevel, LEVELS } from "./heat";

/** Room for the bands' labels, and for the times below. */
export const GUTTER = 42;
export const AXIS = 16;
const GAP = 0.5;

export interface Grid {
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly bottom: number;
}

/** A cell by its column and row. */
export interface Cell {
  readonly column: number;
  readonly row: number;
}

export function gridOf({ columns, bands }: Heat, width: number, height: number): Grid {
  const bottom = Math.max(0, height - AXIS);
  return {
    cellWidth: Math.max(0, width - GUTTER) / Math.max(1, columns.length),
    cellHeight: bottom / Math.max(1, bands.length),
    bottom,
  };
}

/** The cells of each level as one path: from those without requests to the fullest. */
export function levelPaths({ columns, highest }: Heat, grid: Grid): readonly string[] {
  const paths = Array.from({ length: LEVELS + 1 }, () => "");
  columns.forEach(({ counts }, column) => {
    counts?.forEach((count, row) => {
      const level = heatLevel(count, highest);
      paths[level] += rectangle({ column, row }, grid);
    });
  });
  return paths;
}

export function rectangle({ column, row }: Cell, { cellWidth, cellHeight }: Grid): string {
  const [x, y] = [GUTTER + column * cellWidth, row * cellHeight];
  const n = (value: number) => value.toFixed(2);
  return `M${n(x)} ${n(y)}h${n(cellWidth - GAP)}v${n(cellHeight - GAP)}h${n(GAP - cellWidth)}z`;
}

export function cellAt(x: number, y: number, heat: Heat, grid: Grid): Cell | null {
  const column = Math.floor((x - GUTTER) / grid.cellWidth);
  const row = Math.floor(y / grid.cellHeight);
  return inside({ column, row }, heat) ? { column, row } : null;
}

export function inside({ column, row }: Cell, { columns, bands }: Heat): boolean {
  return column >= 0 && column < columns.length && row >= 0 && row < bands.length;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** From no cell the first key goes to the last minute's fullest. */
export function moved(at: Cell | null, key: string, heat: Heat): Cell | null | undefined {
  const step = STEPS[key];
  if (key === "Escape") return at === null ? undefined : null;
  if (step === undefined) return undefined;
  if (at === null) return fullestOfLast(heat);
  const to = { column: at.column + step[0], row: at.row + step[1] };
  return inside(to, heat) ? to : at;
}

function fullestOfLast({ columns }: Heat): Cell | null {
  const column = columns.findLastIndex(({ counts }) => counts !== null);
  const counts = columns[column]?.counts ?? [];
  if (counts.length === 0) return null;
  return { column, row: counts.indexOf(Math.max(...counts)) };
}
