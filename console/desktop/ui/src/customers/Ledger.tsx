import { formatUsd, Moment, Money } from "@suiftly/ui";
import type { StatementView } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../app/console";
import { Loaded, Pane } from "../parts/Pane";
import { type Entry, entries, isBalanced } from "./ledger";
import { statementQuery } from "./queries";
import { useCustomer } from "./useCustomer";

const SHOWN = 3;
const MICRO_PER_CENT = 10_000;

/** What was posted this month, as debits and credits. */
export function Ledger() {
  const { customer_id } = useCustomer();
  const query = useQuery(statementQuery(customer_id));
  return (
    <Pane title="Ledger" note={query.data && <Balanced of={query.data} />}>
      <Loaded query={query} what="The ledger" rows={6}>
        {(statement) => <Entries of={statement} />}
      </Loaded>
    </Pane>
  );
}

function Balanced({ of }: { of: StatementView }) {
  return isBalanced(of.items, of.opening, of.closing) ? (
    <span title="What was posted explains what is in their accounts">debits = credits</span>
  ) : (
    <b className="customer-bad">The rows do not explain the balances</b>
  );
}

function Entries({ of }: { of: StatementView }) {
  const [all, setAll] = useState(false);
  const posted = entries(of.items);
  if (posted.length === 0) {
    return <p className="text-ink-3">Nothing was posted this month.</p>;
  }
  return (
    <div className="customer-fold" data-all={all}>
      <table className="dense customer-ledger" data-testid="ledger" data-value={posted.length}>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Entry</th>
            <th scope="col" className="number">
              Debit
            </th>
            <th scope="col" className="number">
              Credit
            </th>
          </tr>
        </thead>
        {posted.slice(0, all ? undefined : SHOWN).map((entry) => (
          <Rows key={entry.id} entry={entry} />
        ))}
      </table>
      <p className="customer-more">
        <span title="What they owe that is less than a cent is carried on">
          {formatUsd(of.closing.owed_micro_usd, { digits: "all" })} owed and not drawn
        </span>
        {posted.length > SHOWN && (
          <button type="button" className="link" onClick={() => setAll(!all)}>
            {all ? "The latest" : `All ${posted.length} of the month`}
          </button>
        )}
      </p>
    </div>
  );
}

function Rows({ entry: { at, title, memo, debit, credit, amount } }: { entry: Entry }) {
  const now = useNow();
  const money = (
    <Money microUsd={amount} digits={amount % MICRO_PER_CENT === 0 ? "cents" : "all"} />
  );
  return (
    <tbody>
      <tr>
        <td className="text-ink-3">
          <Moment iso={at} now={now} />
        </td>
        <th scope="row" colSpan={3} title={memo ?? undefined}>
          <b>{title}</b>
          {memo !== null && <span className="text-ink-3"> {memo}</span>}
        </th>
      </tr>
      <tr>
        <td />
        <td>{debit}</td>
        <td className="number">{money}</td>
        <td />
      </tr>
      <tr>
        <td />
        <td>{credit}</td>
        <td />
        <td className="number">{money}</td>
      </tr>
    </tbody>
  );
}
