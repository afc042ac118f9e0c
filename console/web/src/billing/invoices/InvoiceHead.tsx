import { formatDate, Money } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";

/** The amount large, the days that matter, and whom it is made out to. */
export function InvoiceHead({ document }: { document: DocumentView }) {
  const { sums, issued_at, settled_at, corrects, due_micro_usd } = document;
  return (
    <section className="bill-hero">
      <div>
        <h2 className="label">{sums.payable_micro_usd < 0 ? "Given back" : "To pay"}</h2>
        <div className="meter figure" data-size="medium">
          <Money microUsd={sums.payable_micro_usd} />
        </div>
        <p className="mt-2 text-13 text-ink-2">
          Issued on {formatDate(Date.parse(issued_at))}. {paidWords(settled_at)}
        </p>
        {due_micro_usd > 0 && (
          <p className="mt-1 text-13 text-ink-2">
            <Money microUsd={due_micro_usd} /> is still due, and is drawn from your escrow when it
            covers it.{" "}
            <Link to="/billing" search={{ deposit: centsFor(due_micro_usd) }} className="link">
              Deposit that amount
            </Link>
          </p>
        )}
        {corrects != null && (
          <p className="mt-1 text-13 text-ink-2">
            It corrects{" "}
            <Link to="/billing/invoices/$number" params={{ number: corrects }} className="link">
              {corrects}
            </Link>
            , for what came after that was closed.
          </p>
        )}
      </div>
      <Party document={document} />
    </section>
  );
}

function paidWords(settledAt: string | null | undefined): string {
  return settledAt == null ? "" : `Paid on ${formatDate(Date.parse(settledAt))}.`;
}

/** Whole cents move; a part of one is asked for as one. */
function centsFor(microUsd: number): number {
  return Math.ceil(microUsd / 10_000);
}

function Party({ document: { billed_to } }: { document: DocumentView }) {
  const { name, wallet_address, profile } = billed_to;
  const lines = Object.values(profile).filter((line) => line !== "" && line !== name);
  return (
    <address className="text-13 not-italic">
      <h2 className="label">Billed to</h2>
      <p className="font-560">{name}</p>
      {lines.map((line) => (
        <p key={line} className="whitespace-pre-line">
          {line}
        </p>
      ))}
      <p className="code mt-1 break-all text-ink-3">{wallet_address}</p>
    </address>
  );
}
