// biome-ignore-all lint/a11y/useSemanticElements: a table's own elements cannot be drawn in part
// biome-ignore-all lint/a11y/useFocusableInteractive: the table takes the focus, its cells do not
import type { Column } from "./column";

interface RowProps<R> {
  row: R;
  /** Its place among all rows. */
  at: number;
  columns: readonly Column<R>[];
  tracks: string;
  height: number;
  isSelected: boolean;
  isActive: boolean;
  opens: boolean;
  tone: string | undefined;
  onPress: () => void;
}

export function Row<R>(props: RowProps<R>) {
  const { row, at, columns, tracks, height } = props;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the table's
    <div
      role="row"
      aria-rowindex={at + 2}
      aria-selected={props.isSelected}
      className="grid-row"
      data-active={props.isActive}
      data-opens={props.opens}
      data-tone={props.tone}
      style={{ gridTemplateColumns: tracks, height }}
      onClick={props.onPress}
    >
      {columns.map((column) => (
        <div
          key={column.key}
          role="cell"
          className="grid-cell"
          data-column={column.key}
          data-number={column.number}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}
