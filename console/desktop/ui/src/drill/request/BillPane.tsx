import { StatusGlyph } from "@suiftly/ui";
import type { RecordBill, RecordLine } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CustomerLink } from "../../parts/CustomerName";
import { Loaded } from "../../parts/Pane";
import { billQuery } from "../query/lines";
import { type BillStep, billSteps } from "./bill";

/** The same request in the bill: what it counts as, what it costs and why, and that its hour was counted right. */
export function BillPane({ line }: { line: RecordLine }) {
  const query = useQuery(billQuery(line));
  return (
    <section className="pane drill-bill" aria-label="The same request in the bill">
      <header className="pane-head">
        <h2>The same request in the bill</h2>
        <span className="pane-note">
          <CustomerLink id={line.customer_id ?? null} />
          {query.data?.invoice?.is_draft && ", draft"}
        </span>
      </header>
      <Loaded query={query} what="Its place in the bill">
        {(bill) => <Way bill={bill} />}
      </Loaded>
    </section>
  );
}

function Way({ bill }: { bill: RecordBill }) {
  return (
    <>
      <ol className="drill-way" data-testid="drill-bill" data-value={bill.amount_micro_usd}>
        {billSteps(bill).map((step) => (
          <li key={step.key}>
            <span>{step.said}</span>
            <Figure step={step} />
          </li>
        ))}
      </ol>
      <Opens bill={bill} />
    </>
  );
}

function Figure({ step: { figure, tone } }: { step: BillStep }) {
  if (tone === "ok") return <StatusGlyph status="ok" word={figure} />;
  return <span data-tone={tone}>{figure}</span>;
}

function Opens({ bill: { invoice, record } }: { bill: RecordBill }) {
  const id = record.customer_id;
  if (id == null) return null;
  const month = invoice?.month;
  return (
    <div className="drill-buttons">
      {invoice && (
        <Link
          to="/billing"
          search={{
            customer_id: id,
            ...(month && { month }),
            ...(invoice.number && { number: invoice.number }),
          }}
          className="btn"
        >
          {invoice.is_draft ? "Open draft" : "Open invoice"}
        </Link>
      )}
      <Link to="/customers/$id" params={{ id: String(id) }} className="btn">
        Open customer
      </Link>
    </div>
  );
}
