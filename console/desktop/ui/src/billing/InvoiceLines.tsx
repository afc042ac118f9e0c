import { Money } from "@suiftly/ui";
import type { InvoiceView } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import { quantityWords } from "./words";

/** What is billed, and from its sum to what is asked for. */
export function InvoiceLines({ invoice: { lines, sums } }: { invoice: InvoiceView }) {
  return (
    <div className="tight-part">
      <table className="dense invoice-lines">
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col" className="number">
              Quantity
            </th>
            <th scope="col">Price</th>
            <th scope="col" className="number">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place
            <tr key={at} data-testid="invoice-line">
              <th scope="row">{line.description}</th>
              <td className="number">{quantityWords(line.quantity, line.unit)}</td>
              <td>
                {line.unit_price}
                {line.price_book != null && (
                  <>
                    {" "}
                    <Link
                      to="/prices"
                      search={{ book: line.price_book }}
                      className="quiet-link text-ink-3"
                    >
                      v{line.price_book}
                    </Link>
                  </>
                )}
              </td>
              <td className="number">
                <Money microUsd={line.amount_micro_usd} digits="all" />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          {steps(sums).map(([word, amount]) => (
            <tr key={word}>
              <th scope="row" colSpan={3}>
                {word}
              </th>
              <td className="number">
                <Money microUsd={amount} digits="all" />
              </td>
            </tr>
          ))}
          <tr data-kind="total">
            <th scope="row" colSpan={3}>
              {sums.payable_micro_usd < 0 ? "Given back" : "Payable"}
            </th>
            <td className="number" data-testid="payable" data-value={sums.payable_micro_usd}>
              <Money microUsd={sums.payable_micro_usd} />
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** What changes the sum on its way, without the steps that are nothing. */
function steps(sums: InvoiceView["sums"]): readonly (readonly [string, number])[] {
  const between: readonly (readonly [string, number])[] = [
    ["Above the limit, waived", -sums.waiver_micro_usd],
    ["Carried from the month before", sums.carried_in_micro_usd],
    ["Below a cent, carried to the next month", -sums.carried_out_micro_usd],
  ];
  return [["Lines", sums.gross_micro_usd], ...between.filter(([, amount]) => amount !== 0)];
}
