import { formatDay, formatMinute, Money } from "@suiftly/ui";
import type { StatementRow, StatementView } from "@suiftly/ui/api/customer";
import { Amount } from "../lines/Amount";
import { monthOfYear, postingWords } from "../words";

interface StatementTableProps {
  statement: StatementView;
  postings: readonly StatementRow[];
}

/** Postings in the order they were made, each with what is in the accounts after it. */
export function StatementTable({ statement, postings }: StatementTableProps) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col" className="max-wide:hidden">
            When
          </th>
          <th scope="col">What</th>
          <th scope="col" className="number">
            Amount
          </th>
          <th scope="col" className="number max-wide:hidden">
            Then owed
          </th>
          <th scope="col" className="number">
            In escrow
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <td className="max-wide:hidden" />
          <td className="text-ink-3">Before</td>
          <td />
          <td className="number figure max-wide:hidden">
            <Amount microUsd={statement.opening.receivable_micro_usd} />
          </td>
          <td className="number figure">
            <Money microUsd={statement.opening.escrow_micro_usd} />
          </td>
        </tr>
        {postings.map((row) => (
          <PostingRow key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function PostingRow({ row }: { row: StatementRow }) {
  const at = Date.parse(row.at);
  const when = (
    <time dateTime={row.at} title={row.at}>
      {formatDay(at)} {formatMinute(at)}
    </time>
  );
  return (
    <tr>
      <td className="whitespace-nowrap max-wide:hidden">{when}</td>
      <td>
        {postingWords(row.kind)}
        <div className="text-12 text-ink-3 wide:hidden">{when}</div>
        {row.month != null && (
          <span className="text-ink-3 max-wide:hidden">, {monthOfYear(row.month)}</span>
        )}
        {row.memo != null && <div className="text-12 text-ink-3">{row.memo}</div>}
      </td>
      <td className="number figure">
        <Amount microUsd={row.amount_micro_usd} />
      </td>
      <td className="number figure max-wide:hidden">
        <Amount microUsd={row.balances.receivable_micro_usd} />
      </td>
      <td className="number figure">
        <Money microUsd={row.balances.escrow_micro_usd} />
      </td>
    </tr>
  );
}
