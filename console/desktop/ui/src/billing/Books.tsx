import { Button, explain, Failed, formatCount, formatUsd, Moment, StatusGlyph } from "@suiftly/ui";
import type {
  EscrowFindings,
  LedgerDifference,
  LedgerFindings,
  ReconciliationView,
} from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useNow } from "../app/console";
import { monthOfYear } from "../model/months";
import { CustomerLink } from "../parts/CustomerName";
import { Pane } from "../parts/Pane";
import { reconciliationQuery } from "./queries";
import { checkWord } from "./words";

/** The books held against each other, when asked to. */
export function Books() {
  const ledger = useQuery(reconciliationQuery(false));
  const escrow = useQuery(reconciliationQuery(true));
  // Whichever was asked last speaks.
  const last = escrow.dataUpdatedAt >= ledger.dataUpdatedAt ? escrow : ledger;
  const failed = [ledger, escrow].find(({ error, isFetching }) => error !== null && !isFetching);
  return (
    <Pane
      title="Reconciliation"
      scroll
      className="books"
      note={
        <div className="tight-row">
          <Button
            busy={ledger.isFetching}
            onClick={() => void ledger.refetch()}
            title="The ledger against customers, months and charges. It changes nothing."
            data-testid="check-ledger"
          >
            Check the ledger
          </Button>
          <Button
            busy={escrow.isFetching}
            onClick={() => void escrow.refetch()}
            title="And every account and event of the escrow against what is written down here. It changes nothing."
            data-testid="check-escrow"
          >
            And the escrow
          </Button>
        </div>
      }
    >
      {failed && (
        <Failed
          what="The check did not run"
          problem={explain(failed.error)}
          unaffected="The books are as they were."
          onRetry={() => void failed.refetch()}
        />
      )}
      {last.data === undefined ? (
        <p className="words">
          The manager checks the ledger every 10 minutes and the escrow every day, and notifies of
          what differs. How it went stands above. A check asked for here shows what it found.
        </p>
      ) : (
        <Found view={last.data} />
      )}
    </Pane>
  );
}

function Found({ view }: { view: ReconciliationView }) {
  const now = useNow();
  const { is_clean, at, ledger, escrow } = view;
  return (
    <div data-testid="reconciled" data-clean={is_clean}>
      <p className="tight-row">
        <StatusGlyph
          status={is_clean ? "ok" : "down"}
          word={is_clean ? "Nothing differs" : "Something differs"}
        />
        <span className="text-ink-3">
          checked <Moment iso={at} now={now} />
        </span>
      </p>
      <p className="words">
        {ledger.count === 0
          ? "The ledger agrees with every customer, month and charge."
          : `The ledger differs in ${formatCount(ledger.count)} places.`}{" "}
        {escrow != null && escrowWords(escrow)}
      </p>
      {ledger.items.length > 0 && <LedgerTable found={ledger} />}
      {escrow?.items.map(({ check, of, difference }) => (
        <p key={`${check} ${of}`} className="finding">
          <b>{checkWord(check)}</b> of <code className="mono">{of}</code>: {difference}
        </p>
      ))}
    </div>
  );
}

function escrowWords({ accounts, events, count }: EscrowFindings): string {
  const compared = `${formatCount(accounts)} accounts and ${formatCount(events)} events of the escrow were compared`;
  return count === 0
    ? `${compared}, all agree.`
    : `${compared}: ${formatCount(count)} findings${count > 100 ? ", the first hundred below" : ""}.`;
}

function LedgerTable({ found: { items } }: { found: LedgerFindings }) {
  return (
    <table className="dense">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Customer</th>
          <th scope="col" className="number">
            Ledger
          </th>
          <th scope="col" className="number">
            Kept beside
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <DifferenceRow key={`${item.check} ${item.customer_id} ${item.month}`} of={item} />
        ))}
      </tbody>
    </table>
  );
}

function DifferenceRow({ of }: { of: LedgerDifference }) {
  const { check, customer_id, month, expected_micro_usd, found_micro_usd } = of;
  return (
    <tr data-testid="difference" data-alarming="true">
      <th scope="row">
        {checkWord(check)}
        {month != null && `, ${monthOfYear(month)}`}
      </th>
      <td>
        <CustomerLink id={customer_id} />
      </td>
      <td className="number">{formatUsd(expected_micro_usd, { digits: "all" })}</td>
      <td className="number">{formatUsd(found_micro_usd, { digits: "all" })}</td>
    </tr>
  );
}
