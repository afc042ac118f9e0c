import { Money } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { Section } from "../../shell/Section";

/** What corrects an invoice: it is itself never changed. */
export function Notes({ document: { notes } }: { document: DocumentView }) {
  if (notes.length === 0) return null;
  return (
    <Section title="Notes" note="For records that came after the close">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Note</th>
            <th scope="col">What it does</th>
            <th scope="col" className="number">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {notes.map(({ number, payable_micro_usd }) => (
            <tr key={number}>
              <th scope="row">
                <Link to="/billing/invoices/$number" params={{ number }} className="link">
                  {number}
                </Link>
              </th>
              <td>{payable_micro_usd < 0 ? "Gives back, as credit" : "Asks for more"}</td>
              <td className="number figure">
                <Money microUsd={payable_micro_usd} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
