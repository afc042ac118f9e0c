import { memo, useState } from "react";
import type { Counts } from "../api";
import { CLASSES } from "../classes";
import { Count } from "../components/Count";
import { formatMinute } from "../format/time";
import type { Bar } from "./bars";

/** The chart's data as a table, newest first, drawn only while it is open. */
export function MinuteTable({ bars }: { bars: readonly Bar[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="chart-data" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="link">{open ? "Hide the table" : "Show as a table"}</span>
      </summary>
      {open && (
        <table className="table">
          <caption className="visually-hidden">Requests by minute and class, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Minute</th>
              <th scope="col" className="number">
                Requests
              </th>
              {CLASSES.map(({ key, word }) => (
                <th key={key} scope="col" className="number">
                  {word}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bars.toReversed().map((bar) => (
              <MinuteRow key={bar.start} start={bar.start} counts={bar.counts} truth={bar.truth} />
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}

interface MinuteRowProps {
  start: number;
  counts: Counts;
  truth: Bar["truth"];
}

const MinuteRow = memo(function MinuteRow({ start, counts, truth }: MinuteRowProps) {
  const show = (value: number) => <Count value={truth === "unknown" ? null : value} />;
  return (
    <tr>
      <th scope="row">
        {formatMinute(start)}
        {truth === "filling" && <span className="unit"> filling</span>}
      </th>
      <td className="number" data-word="Requests">
        {show(counts.requests)}
      </td>
      {CLASSES.map(({ key, word }) => (
        <td key={key} className="number" data-word={word}>
          {show(counts[key])}
        </td>
      ))}
    </tr>
  );
});
