import {
  Button,
  Empty,
  explain,
  Failed,
  formatUsd,
  Money,
  SkeletonRows,
  StatusGlyph,
} from "@suiftly/ui";
import type { InvoiceRow } from "@suiftly/ui/api/customer";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { invoicesQuery } from "../queries";
import { documentWord, invoiceStatus, monthOfYear } from "../words";
import { Downloads } from "./Downloads";
import { ProofCell } from "./ProofCell";
import { type InvoiceWithNotes, withNotes } from "./rows";

/** Closed months, the latest first; the notes of each under it. */
export function InvoiceList() {
  const query = useInfiniteQuery(invoicesQuery);
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  if (data === undefined) {
    if (error === null) return <SkeletonRows rows={3} columns={5} />;
    return (
      <Failed
        what="Invoices did not load"
        problem={explain(error)}
        onRetry={() => void refetch()}
        unaffected="Nothing of them is lost."
      />
    );
  }
  const rows = data.pages.flatMap(({ items }) => items);
  if (rows.length === 0) {
    return (
      <Empty title="No invoices yet">
        The first one is closed a day after this month ends. It is numbered, never changed after,
        and carries a proof that anybody can recompute.
      </Empty>
    );
  }
  return (
    <>
      <InvoiceTable invoices={withNotes(rows)} />
      {hasNextPage && (
        <Button kind="quiet" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Earlier invoices
        </Button>
      )}
    </>
  );
}

function InvoiceTable({ invoices }: { invoices: readonly InvoiceWithNotes[] }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Month</th>
          <th scope="col">State</th>
          <th scope="col" className="number">
            Total
          </th>
          <th scope="col" className="pl-8 max-wide:hidden">
            Proof
          </th>
          <th scope="col" className="number max-wide:hidden">
            <span className="visually-hidden">Files</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {invoices.map(({ invoice, notes }) => (
          <InvoiceLine key={invoice.number} invoice={invoice} notes={notes} />
        ))}
      </tbody>
    </table>
  );
}

function InvoiceLine({ invoice, notes }: InvoiceWithNotes) {
  const { status, word } = invoiceStatus(invoice.status);
  return (
    <tr>
      <th scope="row">
        <DocumentLink row={invoice}>
          {invoice.kind === "invoice"
            ? monthOfYear(invoice.month)
            : `${documentWord(invoice.kind)}, ${monthOfYear(invoice.month)}`}
        </DocumentLink>
        {notes.map((note) => (
          <div key={note.number} className="text-12 font-400 text-ink-3">
            <DocumentLink row={note}>
              {documentWord(note.kind)} of {formatUsd(Math.abs(note.payable_micro_usd))}
            </DocumentLink>
          </div>
        ))}
      </th>
      <td>
        <StatusGlyph status={status} word={word} />
      </td>
      <td className="number figure">
        <Money microUsd={invoice.payable_micro_usd} />
      </td>
      <td className="pl-8 max-wide:hidden">
        <ProofCell number={invoice.number} />
      </td>
      <td className="number max-wide:hidden">
        <Downloads number={invoice.number} />
      </td>
    </tr>
  );
}

function DocumentLink({ row, children }: { row: InvoiceRow; children: ReactNode }) {
  return (
    <Link to="/billing/invoices/$number" params={{ number: row.number }} className="link">
      {children}
    </Link>
  );
}
