// Notes stand under the invoice that they correct.
import type { InvoiceRow } from "@suiftly/ui/api/customer";

export interface InvoiceWithNotes {
  readonly invoice: InvoiceRow;
  readonly notes: readonly InvoiceRow[];
}

/** In the order they came; a note whose invoice is on a later page stands by itself until that is there. */
export function withNotes(rows: readonly InvoiceRow[]): readonly InvoiceWithNotes[] {
  const numbers = new Set(rows.map(({ number }) => number));
  const isUnder = ({ corrects }: InvoiceRow) => corrects != null && numbers.has(corrects);
  return rows
    .filter((row) => !isUnder(row))
    .map((invoice) => ({
      invoice,
      notes: rows.filter(({ corrects }) => corrects === invoice.number),
    }));
}
