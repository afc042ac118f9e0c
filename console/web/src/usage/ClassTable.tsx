import { CLASSES, Count, type Counts, formatShare, Money, Swatch, UNKNOWN } from "@suiftly/ui";
import type { ReactNode } from "react";

interface ClassTableProps {
  counts: Counts;
  /** What all of it comes to; null where that is not told. */
  ratedMicroUsd: number | null;
}

/** The six classes in plain words, and what of all is billed. Which of a class are is the price book's. */
export function ClassTable({ counts, ratedMicroUsd }: ClassTableProps) {
  return (
    <table className="table usage-classes" data-phone="rows">
      <caption className="visually-hidden">Requests by class</caption>
      <thead>
        <tr>
          <th scope="col">Class</th>
          <th scope="col">What it means</th>
          <th scope="col" className="number">
            Requests
          </th>
          <th scope="col" className="number">
            Share
          </th>
          <th scope="col" className="number">
            Cost
          </th>
        </tr>
      </thead>
      <tbody>
        {CLASSES.map(({ key, word, meaning }) => (
          <tr key={key}>
            <th scope="row">
              <Swatch of={key} /> {word}
            </th>
            <td data-wide className="text-ink-2">
              {meaning}
            </td>
            <td className="number">
              <Count value={counts[key]} />
            </td>
            <td className="number usage-share">{formatShare(counts[key], counts.requests)}</td>
            <td data-wide />
          </tr>
        ))}
      </tbody>
      <tfoot>
        <Sum word="Billed" requests={counts.billable_requests} of={counts}>
          {ratedMicroUsd === null ? UNKNOWN : <Money microUsd={ratedMicroUsd} digits="all" />}
        </Sum>
        <Sum word="Not billed" requests={counts.requests - counts.billable_requests} of={counts}>
          free
        </Sum>
      </tfoot>
    </table>
  );
}

interface SumProps {
  word: string;
  requests: number;
  of: Counts;
  children: ReactNode;
}

function Sum({ word, requests, of, children }: SumProps) {
  return (
    <tr>
      <th scope="row">{word}</th>
      <td data-wide />
      <td className="number">
        <Count value={requests} />
      </td>
      <td className="number usage-share">{formatShare(requests, of.requests)}</td>
      <td className="number">{children}</td>
    </tr>
  );
}
