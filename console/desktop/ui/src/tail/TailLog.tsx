// biome-ignore-all lint/a11y/useSemanticElements: a log's rows are drawn in part
// The tail's lines: rows in sight are drawn, no others, once a pull. It follows the newest until one scrolls away.
import { Empty } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { lineText } from "../drill/lines/tokens";
import type { Column } from "../parts/DataTable";
import type { Newest } from "./newest";
import type { TailLine } from "./ring";
import { TailRow } from "./TailRow";

interface TailLogProps {
  lines: readonly TailLine[];
  columns: readonly Column<RecordLine>[];
  newest: Newest;
  held: boolean;
  onHold: () => void;
  onFollow: () => void;
  /** Below a row that is open. */
  below: (line: RecordLine) => ReactNode;
}

const ROW = 20;
const OVERSCAN = 10;
/** So far from the newest it is somebody who scrolled. */
const AWAY = 6;

export const TailLog = memo(function TailLog(props: TailLogProps) {
  const { lines, columns, newest, held, onHold, below } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<number | null>(null);
  const rows = useMemo(() => (newest === "top" ? lines.toReversed() : lines), [lines, newest]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: useCallback(() => ROW, []),
    getItemKey: useCallback((at: number) => rows[at]?.id ?? at, [rows]),
    overscan: OVERSCAN,
    initialRect: { width: 0, height: 600 },
  });
  // Rows are of one height but the one that is open: measuring each would cost more than drawing it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when another one is open
  useLayoutEffect(() => virtual.measure(), [open]);
  const onScroll = useFollowing(scroll, { ...props, rows });
  const openRow = useCallback(
    (id: number) => {
      onHold();
      setOpen((now) => (now === id ? null : id));
    },
    [onHold],
  );
  const { active, onKeyDown } = useRowKeys(rows, {
    open: openRow,
    show: virtual.scrollToIndex,
    hold: onHold,
  });
  const tracks = columns.map(({ width }) => width ?? "minmax(0, 1fr)").join(" ");
  return (
    <div
      ref={scroll}
      className="grid-table"
      role="log"
      aria-label="Lines as they come"
      aria-live={held ? "off" : "polite"}
      data-testid="tail-log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: rows are moved through by arrow keys
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div className="grid-head" style={{ gridTemplateColumns: tracks }}>
        {columns.map(({ key, head, number }) => (
          <div key={key} className="grid-cell" data-number={number}>
            {head}
          </div>
        ))}
      </div>
      {rows.length === 0 && (
        <Empty title="Nothing came yet">
          Lines that fit stand here within a second of their request.
        </Empty>
      )}
      <div className="grid-body" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <div
              key={key}
              ref={row.id === open ? virtual.measureElement : null}
              data-index={index}
              className="grid-place"
              style={{ transform: `translateY(${start}px)` }}
            >
              <TailRow
                row={row}
                columns={columns}
                tracks={tracks}
                active={row.id === active}
                open={row.id === open}
                onOpen={openRow}
              />
              {row.id === open && <div className="grid-below">{below(row.line)}</div>}
            </div>
          );
        })}
      </div>
    </div>
  );
});

type Following = Pick<TailLogProps, "newest" | "held" | "onHold" | "onFollow"> & {
  readonly rows: readonly TailLine[];
};

/** Keeps the newest in sight. Who scrolls away holds the tail; back at the newest it goes on. */
function useFollowing(scroll: React.RefObject<HTMLDivElement | null>, following: Following) {
  const { newest, held, rows, onHold, onFollow } = following;
  const put = useRef(0);
  const scrolled = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: after every change of the rows
  useLayoutEffect(() => {
    const element = scroll.current;
    if (element === null || held) return;
    element.scrollTop = newest === "bottom" ? element.scrollHeight : 0;
    put.current = element.scrollTop;
    scrolled.current = false;
  }, [rows, newest, held]);
  return () => {
    const element = scroll.current;
    if (element === null) return;
    const end = element.scrollHeight - element.clientHeight;
    const off = newest === "bottom" ? end - element.scrollTop : element.scrollTop;
    const moved = newest === "bottom" ? put.current - element.scrollTop : element.scrollTop;
    if (!held && off > AWAY && moved > AWAY) {
      scrolled.current = true;
      onHold();
    } else if (held && scrolled.current && off <= 1) onFollow();
  };
}

interface RowActs {
  readonly open: (id: number) => void;
  readonly show: (index: number) => void;
  readonly hold: () => void;
}

/** Up and down hold the tail and move through its rows; Enter opens, C copies the line. */
function useRowKeys(rows: readonly TailLine[], { open, show, hold }: RowActs) {
  const [active, setActive] = useState<number | null>(null);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const at = rows.findIndex(({ id }) => id === active);
    const row = rows[at];
    const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (by !== 0) {
      const next =
        at < 0 ? (by < 0 ? rows.length - 1 : 0) : Math.max(0, Math.min(rows.length - 1, at + by));
      hold();
      setActive(rows[next]?.id ?? null);
      show(next);
    } else if (event.key === "Enter" && row) open(row.id);
    else if (event.key.toLowerCase() === "c" && row) {
      void navigator.clipboard.writeText(lineText(row.line)).catch(() => {});
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { active, onKeyDown };
}
