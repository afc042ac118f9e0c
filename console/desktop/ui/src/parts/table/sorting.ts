import type { Column } from "./column";

export interface Sorting {
  readonly key: string;
  readonly down: boolean;
}

/** What a press on a column's head makes of its order: down, then up, then as rows came. */
export function nextSorting(key: string, mine: Sorting | null): Sorting | null {
  if (mine === null) return { key, down: true };
  return mine.down ? { key, down: false } : null;
}

export function sortRows<R>(
  rows: readonly R[],
  columns: readonly Column<R>[],
  sorting: Sorting | null,
): readonly R[] {
  const by = sorting && columns.find(({ key }) => key === sorting.key)?.by;
  if (!by) return rows;
  const sign = sorting.down ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [by(a), by(b)];
    return left < right ? -sign : left > right ? sign : 0;
  });
}
