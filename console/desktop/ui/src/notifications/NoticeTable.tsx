import { Moment, type Status, StatusGlyph } from "@suiftly/ui";
import type { NoticeItem } from "@suiftly/ui/api/admin";
import { useNow } from "../app/console";
import { CustomerLink } from "../parts/CustomerName";
import { type Column, DataTable } from "../parts/DataTable";
import { noticeWords, SEVERITY_WORDS, type Severity, severityOf } from "../words/notices";
import { isOpen } from "./selection";

export const SEVERITY_STATUS: Readonly<Record<Severity, Status>> = {
  critical: "down",
  warning: "config-needed",
  info: "disabled",
};

interface NoticeTableProps {
  items: readonly NoticeItem[];
  marked: ReadonlySet<number>;
  onMark: (marked: ReadonlySet<number>) => void;
  current: number | null;
  onLook: (id: number) => void;
  onEnd: () => void;
}

export function NoticeTable(props: NoticeTableProps) {
  const { items, marked, onMark, current, onLook, onEnd } = props;
  const now = useNow();
  const open = items.filter(isOpen);
  const allMarked = open.length > 0 && open.every(({ id }) => marked.has(id));
  const someMarked = !allMarked && open.some(({ id }) => marked.has(id));
  const mark = (id: number) => {
    const next = new Set(marked);
    if (!next.delete(id)) next.add(id);
    onMark(next);
  };
  const columns: readonly Column<NoticeItem>[] = [
    {
      key: "mark",
      head: (
        <input
          type="checkbox"
          ref={(box) => {
            if (box !== null) box.indeterminate = someMarked;
          }}
          aria-label="Mark all that are open"
          checked={allMarked}
          disabled={open.length === 0}
          onChange={() => onMark(new Set(allMarked ? [] : open.map(({ id }) => id)))}
        />
      ),
      width: "30px",
      cell: (item) =>
        isOpen(item) && (
          <input
            type="checkbox"
            aria-label={`Mark ${noticeWords(item).title}`}
            checked={marked.has(item.id)}
            onClick={(event) => event.stopPropagation()}
            onChange={() => mark(item.id)}
          />
        ),
    },
    {
      key: "severity",
      head: "Severity",
      width: "118px",
      cell: ({ severity }) => <SeverityGlyph severity={severity} />,
    },
    {
      key: "at",
      head: "Told, UTC",
      width: "118px",
      cell: ({ created_at }) => <Moment iso={created_at} now={now} />,
      by: ({ id }) => id,
    },
    {
      key: "title",
      head: "What",
      width: "minmax(0, 2fr)",
      cell: (item) => {
        const { title, detail } = noticeWords(item);
        return (
          <span title={detail ?? title}>
            <b className="notice-title">{title}</b>
            {detail !== null && <span className="text-ink-3"> {detail}</span>}
          </span>
        );
      },
    },
    {
      key: "customer",
      head: "Customer",
      width: "minmax(96px, 0.5fr)",
      cell: ({ customer_id = null }) =>
        customer_id === null ? (
          <span className="text-ink-3">whoever operates</span>
        ) : (
          <CustomerLink id={customer_id} />
        ),
    },
  ];
  return (
    <DataTable
      label="Notifications"
      columns={columns}
      rows={items}
      rowKey={({ id }) => id}
      rowHeight={28}
      onOpen={({ id }) => onLook(id)}
      onMove={({ id }) => onLook(id)}
      selected={current}
      tone={(item) => (isOpen(item) ? undefined : "dim")}
      copy={(item) =>
        `${item.created_at} ${noticeWords(item).title} ${noticeWords(item).detail ?? ""}`
      }
      onEnd={onEnd}
    />
  );
}

export function SeverityGlyph({ severity }: { severity: string }) {
  const known = severityOf(severity);
  return <StatusGlyph status={SEVERITY_STATUS[known]} word={SEVERITY_WORDS[known]} />;
}
