import { type KeyboardEvent, type ReactNode, useState } from "react";

interface ChartTableProps {
  caption: string;
  /** The first names the row. */
  columns: readonly string[];
  /** The rows, asked for only while the table is open. */
  rows: () => ReactNode;
}

/** A chart's data as a table, for those who do not see the chart and those who want its figures. */
export function ChartTable({ caption, columns, rows }: ChartTableProps) {
  const [open, setOpen] = useState(false);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
  };
  return (
    <details
      className="chart-data"
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      onKeyDown={onKeyDown}
    >
      <summary>
        <span className="link">{open ? "Hide the table" : "Show as a table"}</span>
      </summary>
      {open && (
        <table className="table">
          <caption className="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column, index) => (
                <th key={column} scope="col" className={index === 0 ? undefined : "number"}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{rows()}</tbody>
        </table>
      )}
    </details>
  );
}
