// Messages as rows of the log, and which of them are wanted.
import type { SystemLogItem } from "@suiftly/ui/api/admin";
import { type Message, readMessage } from "./message";

export interface LogRow extends Message {
  readonly key: string;
  readonly at: number;
  readonly timestamp: string;
  readonly serverId: number | null;
  /** How many equal messages of one instant it stands for. */
  readonly count: number;
  /** As HAProxy wrote it. */
  readonly raw: string;
}

export interface Wanted {
  /** Each of its words is in the message, in the words for it, or in the gateway’s name. */
  readonly find: string;
  readonly trouble: boolean;
}

/** Rows in the order they came; equal ones of one instant are told apart by their place. */
export function logRows(items: readonly SystemLogItem[]): readonly LogRow[] {
  const seen = new Map<string, number>();
  return items.map(({ timestamp, message, count, server_id = null }) => {
    const of = `${timestamp} ${server_id} ${message}`;
    const place = seen.get(of) ?? 0;
    seen.set(of, place + 1);
    return {
      ...readMessage(message),
      key: `${of} ${place}`,
      at: Date.parse(timestamp),
      timestamp,
      serverId: server_id,
      count,
      raw: message,
    };
  });
}

export function wantedRows(
  rows: readonly LogRow[],
  { find, trouble }: Wanted,
  serverName: (id: number | null) => string,
): readonly LogRow[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (trouble && row.weight !== "bad" && row.weight !== "warn") return false;
    const text = `${row.raw} ${row.words} ${serverName(row.serverId)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
