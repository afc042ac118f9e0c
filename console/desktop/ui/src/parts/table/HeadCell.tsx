// biome-ignore-all lint/a11y/useSemanticElements: a table's own elements cannot be drawn in part
// biome-ignore-all lint/a11y/useFocusableInteractive: the table takes the focus, its cells do not
import type { Column } from "./column";
import { nextSorting, type Sorting } from "./sorting";

interface HeadCellProps<R> {
  column: Column<R>;
  sorting: Sorting | null;
  onSort: (sorting: Sorting | null) => void;
}

export function HeadCell<R>({
  column: { key, head, number, by },
  sorting,
  onSort,
}: HeadCellProps<R>) {
  const mine = sorting?.key === key ? sorting : null;
  const order = mine === null ? "none" : mine.down ? "descending" : "ascending";
  return (
    <div
      role="columnheader"
      className="grid-cell"
      data-number={number}
      aria-sort={by ? order : undefined}
    >
      {by ? (
        <button type="button" className="grid-sort" onClick={() => onSort(nextSorting(key, mine))}>
          {head}
          {mine && <span aria-hidden="true">{mine.down ? " ↓" : " ↑"}</span>}
        </button>
      ) : (
        head
      )}
    </div>
  );
}
