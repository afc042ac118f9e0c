import { formatCount, Moment, type Status, StatusGlyph } from "@suiftly/ui";
import { useCallback, useState } from "react";
import { useNow } from "../app/console";
import { type Column, DataTable } from "../parts/DataTable";
import { useServerNames } from "../parts/ServerName";
import { WEIGHT_WORDS, type Weight } from "./message";
import type { LogRow } from "./rows";

/** The shape of each weight: never colour alone. */
export const WEIGHT_STATUS: Readonly<Record<Weight, Status>> = {
  bad: "down",
  warn: "config-needed",
  ok: "ok",
  info: "disabled",
};

export function LogTable({ rows, onEnd }: { rows: readonly LogRow[]; onEnd: () => void }) {
  const now = useNow();
  const serverName = useServerNames();
  const [open, setOpen] = useState<string | null>(null);
  const below = useCallback(
    ({ key, raw, timestamp }: LogRow) =>
      key === open && (
        <p className="logs-raw">
          <code>{raw}</code> <span className="text-ink-3">{timestamp}</span>
        </p>
      ),
    [open],
  );
  const columns: readonly Column<LogRow>[] = [
    {
      key: "time",
      head: "Time, UTC",
      width: "118px",
      cell: ({ timestamp }) => <Moment iso={timestamp} now={now} />,
    },
    {
      key: "server",
      head: "Gateway",
      width: "104px",
      cell: ({ serverId }) => serverName(serverId),
    },
    {
      key: "weight",
      head: "",
      width: "76px",
      cell: ({ weight }) => (
        <StatusGlyph status={WEIGHT_STATUS[weight]} word={WEIGHT_WORDS[weight]} />
      ),
    },
    {
      key: "words",
      head: "What it says",
      width: "minmax(0, 1.3fr)",
      cell: ({ words }) => <span title={words}>{words}</span>,
    },
    {
      key: "raw",
      head: "As it wrote it",
      cell: ({ raw }) => (
        <code className="logs-code" title={raw}>
          {raw}
        </code>
      ),
    },
    {
      key: "count",
      head: "Times",
      width: "56px",
      number: true,
      cell: ({ count }) => formatCount(count),
    },
  ];
  return (
    <DataTable
      label="System messages, the latest first"
      columns={columns}
      rows={rows}
      rowKey={({ key }) => key}
      onOpen={({ key }) => setOpen((was) => (was === key ? null : key))}
      tone={({ weight }) => (weight === "bad" ? "bad" : undefined)}
      copy={({ timestamp, serverId, raw }) => `${timestamp} ${serverName(serverId)} ${raw}`}
      onEnd={onEnd}
      below={below}
    />
  );
}
