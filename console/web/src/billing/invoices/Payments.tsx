import { Empty, formatDate, formatMinute } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import { Section } from "../../shell/Section";
import { Amount } from "../lines/Amount";

/** What the month was paid by, and what is on its way. */
export function Payments({
  document: { payments, in_flight_micro_usd },
}: {
  document: DocumentView;
}) {
  return (
    <Section title="Payments" note="Times are UTC">
      {payments.length === 0 ? (
        <Empty title="No payments yet">
          Each draw from your escrow appears here when it is done.
        </Empty>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">How</th>
              <th scope="col" className="number">
                Amount
              </th>
            </tr>
          </thead>
          <tbody>
            {payments.map(({ at, description, amount_micro_usd }) => (
              <tr key={`${at} ${amount_micro_usd}`}>
                <td className="whitespace-nowrap">
                  <time dateTime={at} title={at}>
                    {formatDate(Date.parse(at))} {formatMinute(Date.parse(at))}
                  </time>
                </td>
                <td>{description}</td>
                <td className="number figure">
                  <Amount microUsd={amount_micro_usd} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {in_flight_micro_usd > 0 && (
        <p className="mt-3 text-13 text-ink-2">
          <Amount microUsd={in_flight_micro_usd} /> is on its way to the escrow.
        </p>
      )}
    </Section>
  );
}
