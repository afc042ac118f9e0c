import { memo } from "react";
import type { Counts } from "../api";
import { CLASSES } from "../classes";
import { Count } from "../components/Count";
import { ChartTable } from "./ChartTable";
import { dayWordOf, type Point, pointName, stepWord } from "./point";

/** The columns of a chart as rows. */
export function PointTable({ points }: { points: readonly Point[] }) {
  const last = points.at(-1);
  const step = stepWord(last === undefined ? 0 : last.end - last.start);
  const day = dayWordOf(points);
  return (
    <ChartTable
      caption={`Requests by ${step} and class, newest first`}
      columns={[
        /^\d/.test(step) ? "From" : capital(step),
        "Requests",
        ...CLASSES.map(({ word }) => word),
      ]}
      rows={() =>
        points
          .toReversed()
          .map((point) => (
            <PointRow
              key={point.start}
              name={pointName(point, day)}
              counts={point.counts}
              truth={point.truth}
            />
          ))
      }
    />
  );
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

interface PointRowProps {
  name: string;
  counts: Counts;
  truth: Point["truth"];
}

const PointRow = memo(function PointRow({ name, counts, truth }: PointRowProps) {
  const show = (value: number) => <Count value={truth === "unknown" ? null : value} />;
  return (
    <tr>
      <th scope="row">
        {name}
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
