// biome-ignore-all lint/a11y/useSemanticElements: a table's own elements cannot be drawn in part
// biome-ignore-all lint/a11y/useFocusableInteractive: the table takes the focus, its cells do not
// A table of any length: rows in sight are drawn, no others. Arrow keys move, Enter opens, C copies the row. While the
// pointer is over it, the order of its rows stands still, and a word says so.
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useOrder } from "./still/useOrder";
import type { Column, RowKey } from "./table/column";
import { HeadCell } from "./table/HeadCell";
import { rowAfter } from "./table/keys";
import { Row } from "./table/Row";
import { type Sorting, sortRows } from "./table/sorting";

export type { Column };

interface DataTableProps<R> {
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey: RowKey<R>;
  rowHeight?: number;
  /** Enter, or a click. */
  onOpen?: (row: R) => void;
  /** An arrow key came to it. */
  onMove?: (row: R) => void;
  selected?: string | number | null;
  /** Marks a row: "bad", "warn", "dim". */
  tone?: (row: R) => string | undefined;
  /** What C copies. */
  copy?: (row: R) => string;
  /** Stands where there are no rows. */
  empty?: ReactNode;
  /** Reads on when the last rows come into sight. */
  onEnd?: () => void;
  /** Rows that grow open below themselves. */
  below?: (row: R) => ReactNode;
}

const OVERSCAN = 12;

export function DataTable<R>(props: DataTableProps<R>) {
  const { columns, rowKey, rowHeight = 24, onOpen, selected = null, tone, onEnd, below } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [hovered, setHovered] = useState(false);
  const sorted = useMemo(
    () => sortRows(props.rows, columns, sorting),
    [props.rows, columns, sorting],
  );
  const rows = useOrder(sorted, rowKey, hovered);
  const [active, setActive] = useState(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: useCallback(() => rowHeight, [rowHeight]),
    getItemKey: useCallback((at: number) => keyAt(rows, at, rowKey), [rows, rowKey]),
    overscan: OVERSCAN,
    initialRect: { width: 0, height: 600 },
  });
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (lastSeen >= rows.length - 1 && rows.length > 0) onEnd?.();
  }, [lastSeen, rows.length, onEnd]);

  const move = (to: number) => {
    const at = Math.max(0, Math.min(rows.length - 1, to));
    setActive(at);
    virtual.scrollToIndex(at);
    const row = rows[at];
    if (row !== undefined) props.onMove?.(row);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 240) / rowHeight) - 2);
    const to = rowAfter(event.key, active, rows.length, page);
    const row = rows[active];
    if (to !== null) move(to);
    else if (event.key === "Enter" && row !== undefined && onOpen) onOpen(row);
    else if (event.key.toLowerCase() === "c" && row !== undefined && props.copy) {
      void navigator.clipboard.writeText(props.copy(row)).catch(() => {});
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const tracks = columns.map(({ width }) => width ?? "minmax(0, 1fr)").join(" ");
  if (rows.length === 0 && props.empty !== undefined) return props.empty;
  return (
    <div
      ref={scroll}
      className="grid-table"
      role="table"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: rows are moved through by arrow keys
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      <div
        className="grid-head"
        role="row"
        aria-rowindex={1}
        style={{ gridTemplateColumns: tracks }}
      >
        {columns.map((column) => (
          <HeadCell key={column.key} column={column} sorting={sorting} onSort={setSorting} />
        ))}
      </div>
      <div className="grid-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const more = below?.(row);
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className="grid-place"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Row
                row={row}
                at={item.index}
                columns={columns}
                tracks={tracks}
                height={rowHeight}
                isSelected={rowKey(row) === selected}
                isActive={item.index === active}
                opens={onOpen !== undefined}
                tone={tone?.(row)}
                onPress={() => {
                  setActive(item.index);
                  onOpen?.(row);
                }}
              />
              {more && <div className="grid-below">{more}</div>}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function keyAt<R>(rows: readonly R[], at: number, rowKey: RowKey<R>) {
  const row = rows[at];
  return row === undefined ? at : rowKey(row);
}
