import { formatUsdCents, Moment } from "@suiftly/ui";
import type { TransactionRow } from "@suiftly/ui/api/customer";
import { transactionWords } from "../words";
import { Digest } from "./Digest";

/** What the escrow did, the latest first. */
export function TransactionTable({ rows }: { rows: readonly TransactionRow[] }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col" className="max-wide:hidden">
            When
          </th>
          <th scope="col">What</th>
          <th scope="col" className="max-wide:hidden">
            Digest
          </th>
          <th scope="col" className="number">
            Amount
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.digest}>
            <td className="whitespace-nowrap max-wide:hidden">
              <Moment iso={row.at} format="ago" />
            </td>
            <td>
              {transactionWords(row.kind).words}
              <div className="flex items-center justify-between text-12 text-ink-3 wide:hidden">
                <Moment iso={row.at} format="ago" />
                <Digest digest={row.digest} />
              </div>
            </td>
            <td className="max-wide:hidden">
              <Digest digest={row.digest} />
            </td>
            <td className="number figure whitespace-nowrap">
              <Amount row={row} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Amount({ row: { kind, amount_usd_cents: cents } }: { row: TransactionRow }) {
  const { direction } = transactionWords(kind);
  if (kind === "limit" && cents === 0) return <span className="text-ink-3">no limit</span>;
  if (direction === "none") return <span className="text-ink-3">{formatUsdCents(cents)}</span>;
  if (direction === "out") return formatUsdCents(-cents);
  return <b className="font-560">+{formatUsdCents(cents)}</b>;
}
