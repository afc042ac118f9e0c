import { Copy, Moment, Money, Segmented } from "@suiftly/ui";
import type { InvoiceView } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useNow } from "../app/console";
import { monthOfYear } from "../model/months";
import { CustomerLink } from "../parts/CustomerName";
import { Facts } from "../parts/Facts";
import { Loaded } from "../parts/Pane";
import { Downloads } from "./Downloads";
import { InvoiceHours } from "./InvoiceHours";
import { InvoiceLines } from "./InvoiceLines";
import { InvoiceStatus } from "./Invoices";
import { invoiceQuery } from "./queries";
import { documentWord } from "./words";

const PARTS = [
  { value: "bill", label: "Bill" },
  { value: "hours", label: "Hours" },
] as const;

/** One invoice or note, beside the list. */
export function InvoiceBeside({ number }: { number: string }) {
  const query = useQuery(invoiceQuery(number));
  const [part, setPart] = useState<"bill" | "hours">("bill");
  return (
    <section className="pane pane-column invoice" aria-label={number} data-testid="invoice-open">
      <header className="tight-row invoice-head">
        <h2>{number}</h2>
        {query.data && <InvoiceStatus status={query.data.status} />}
        <Link
          to="/billing"
          search={({ number: _, ...search }) => search}
          className="quiet-link text-ink-3 rest"
        >
          Close
        </Link>
      </header>
      <div className="tight-row">
        <Segmented label="What of it" value={part} onChange={setPart} options={PARTS} />
        <span className="rest">
          <Downloads number={number} />
        </span>
      </div>
      <Loaded query={query} what="The invoice" rows={8}>
        {(invoice) =>
          part === "bill" ? (
            <div className="pane-scroll">
              <Head invoice={invoice} />
              <InvoiceLines invoice={invoice} />
              <After invoice={invoice} />
            </div>
          ) : (
            <InvoiceHours invoice={invoice} />
          )
        }
      </Loaded>
    </section>
  );
}

function Head({ invoice }: { invoice: InvoiceView }) {
  const now = useNow();
  const { corrects, settled_at, due_micro_usd, in_flight_micro_usd } = invoice;
  return (
    <Facts
      of={[
        ["Customer", <CustomerLink key="customer" id={invoice.customer_id} />],
        [
          "Wallet",
          <code key="wallet" className="mono" title={invoice.billed_to.wallet_address}>
            {shorten(invoice.billed_to.wallet_address)}
          </code>,
        ],
        ["For", `${documentWord(invoice.kind)}, ${monthOfYear(invoice.month)}`],
        corrects == null ? null : ["Corrects", <InvoiceLink key="corrects" number={corrects} />],
        ["Issued", <Moment key="issued" iso={invoice.issued_at} now={now} />],
        settled_at == null
          ? null
          : ["Settled", <Moment key="settled" iso={settled_at} now={now} />],
        due_micro_usd === 0
          ? null
          : ["Still due", <Money key="due" microUsd={due_micro_usd} digits="all" />],
        in_flight_micro_usd === 0
          ? null
          : ["In flight", <Money key="flight" microUsd={in_flight_micro_usd} />],
      ]}
    />
  );
}

/** What it was paid by, what corrects it, and what proves it. */
function After({ invoice }: { invoice: InvoiceView }) {
  const now = useNow();
  const { payments, notes, input_hash, number } = invoice;
  return (
    <>
      <div className="tight-part">
        <h3>Payments</h3>
        {payments.length === 0 && <p className="text-ink-3">Nothing was paid yet.</p>}
        <Facts
          of={payments.map(({ description, at, amount_micro_usd }) => [
            <span key="what">
              {description} <Moment iso={at} now={now} />
            </span>,
            <Money key="amount" microUsd={amount_micro_usd} />,
          ])}
        />
      </div>
      {notes.length > 0 && (
        <div className="tight-part">
          <h3>Notes after the close</h3>
          <Facts
            of={notes.map((note) => [
              <InvoiceLink key="number" number={note.number} />,
              <Money key="amount" microUsd={note.payable_micro_usd} sign />,
            ])}
          />
        </div>
      )}
      <div className="tight-part">
        <h3>Proof</h3>
        <p className="mono invoice-hash" data-testid="input-hash">
          {input_hash}
        </p>
        <p className="words">
          SHA-256 over the journal’s range, the price book and every hour.{" "}
          <code className="mono">suiftly audit {number}</code> computes it anew.
        </p>
        <div className="tight-row">
          <Copy text={input_hash}>Copy the hash</Copy>
          <Copy text={`suiftly audit ${number}`}>Copy the command</Copy>
        </div>
      </div>
    </>
  );
}

function InvoiceLink({ number }: { number: string }) {
  return (
    <Link to="/billing" search={(search) => ({ ...search, number })} className="mono">
      {number}
    </Link>
  );
}

function shorten(address: string): string {
  return address.length <= 14 ? address : `${address.slice(0, 8)}…${address.slice(-6)}`;
}
