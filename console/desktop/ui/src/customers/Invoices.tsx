import { Money } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { Pane } from "../parts/Pane";
import { useCustomer } from "./useCustomer";

/** The latest; all of them are on the billing page. */
export function Invoices() {
  const { invoices, customer_id } = useCustomer();
  const all = (
    <Link to="/billing" search={{ customer_id }} className="quiet-link">
      All and the draft
    </Link>
  );
  return (
    <Pane title="Invoices" note={all}>
      {invoices.length === 0 ? (
        <p className="text-ink-3">None yet: the first is issued a day after the month’s end.</p>
      ) : (
        <table className="dense">
          <tbody>
            {invoices.map(({ number, kind, month, status, payable_micro_usd }) => (
              <tr key={number} data-testid="invoice">
                <td className="text-ink-3">{month}</td>
                <td>
                  <Link to="/billing" search={{ number }} className="quiet-link">
                    <code>{number}</code>
                  </Link>
                </td>
                <td data-loud={status === "failed"}>
                  {kind === "invoice" ? status : `${kind.replaceAll("_", " ")}, ${status}`}
                </td>
                <td className="number">
                  <Money microUsd={payable_micro_usd} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Pane>
  );
}
