import type { RecordLine } from "@suiftly/ui/api/admin";
import { memo } from "react";
import { isBad } from "../drill/lines/tokens";
import type { Column } from "../parts/DataTable";
import type { TailLine } from "./ring";

interface TailRowProps {
  row: TailLine;
  columns: readonly Column<RecordLine>[];
  tracks: string;
  active: boolean;
  open: boolean;
  onOpen: (id: number) => void;
}

/** A line that came is never another: it is drawn once. */
export const TailRow = memo(function TailRow(props: TailRowProps) {
  const { row, columns, tracks, active, open, onOpen } = props;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the log's
    // biome-ignore lint/a11y/noStaticElementInteractions: keys are the log's
    <div
      className="grid-row"
      data-testid="tail-row"
      data-opens
      data-active={active}
      data-open={open}
      data-tone={isBad(row.line) ? undefined : "dim"}
      style={{ gridTemplateColumns: tracks }}
      onClick={() => onOpen(row.id)}
    >
      {columns.map(({ key, number, cell }) => (
        <div key={key} className="grid-cell" data-column={key} data-number={number}>
          {cell(row.line)}
        </div>
      ))}
    </div>
  );
});
