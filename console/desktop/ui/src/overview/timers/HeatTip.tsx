import { formatCount, formatMinute, formatShare, MINUTE_MS } from "@suiftly/ui";
import { bandWords, type Heat } from "./heat";
import { type Cell, type Grid, GUTTER } from "./heatGrid";

const TIP_WIDTH = 212;

/** What one cell holds. */
export function HeatTip({
  heat,
  cell,
  grid,
  width,
}: {
  heat: Heat;
  cell: Cell;
  grid: Grid;
  width: number;
}) {
  const column = heat.columns[cell.column];
  const band = heat.bands[cell.row];
  if (column === undefined || band === undefined) return null;
  const center = GUTTER + (cell.column + 0.5) * grid.cellWidth;
  const left = center > width / 2 ? center - 12 - TIP_WIDTH : center + 12;
  const count = column.counts?.[cell.row] ?? null;
  return (
    <div className="tip heat-tip" style={{ left }}>
      <header>
        <b>
          {formatMinute(column.start)} – {formatMinute(column.start + MINUTE_MS)}
        </b>
        <span>{count === null ? "no data yet" : column.isFilling ? "filling" : "final"}</span>
      </header>
      <dl>
        <dt>{bandWords(band)}</dt>
        <dd>{formatCount(count)}</dd>
        <dt>Of the minute’s</dt>
        <dd>
          {count === null
            ? formatCount(null)
            : `${formatCount(column.total)} · ${formatShare(count, column.total)}`}
        </dd>
      </dl>
    </div>
  );
}
