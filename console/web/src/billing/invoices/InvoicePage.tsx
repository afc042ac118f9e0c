import { Brand, explain, Failed, SkeletonRows, StatusGlyph } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Page } from "../../shell/Page";
import { Section } from "../../shell/Section";
import { LineTable } from "../lines/LineTable";
import { invoiceQuery } from "../queries";
import { documentWord, invoiceStatus, monthOfYear } from "../words";
import { Downloads } from "./Downloads";
import { InvoiceHead } from "./InvoiceHead";
import { Notes } from "./Notes";
import { Payments } from "./Payments";
import { Proof } from "./Proof";
import { Sums } from "./Sums";

/** A closed document: what for, what it comes to, how it was paid, and how to check it. */
export function InvoicePage() {
  const { number } = useParams({ from: "/billing/invoices/$number" });
  const { data, error, refetch } = useQuery(invoiceQuery(number));
  if (data === undefined) {
    return (
      <Page title={`Invoice ${number}`} busy={error === null}>
        <Back />
        {error === null ? (
          <SkeletonRows rows={8} columns={4} />
        ) : (
          <Failed
            what={`Invoice ${number} did not load`}
            problem={explain(error)}
            onRetry={() => void refetch()}
          />
        )}
      </Page>
    );
  }
  const { status, word } = invoiceStatus(data.status);
  return (
    <Page
      title={`${documentWord(data.kind)} ${data.number}`}
      status={<StatusGlyph status={status} word={word} />}
    >
      <Back />
      <div className="print-only mb-5">
        <Brand />
        <p className="mt-2 font-560">
          {documentWord(data.kind)} {data.number}
        </p>
      </div>
      <InvoiceHead document={data} />
      <Section title={monthOfYear(data.month)} note={<Downloads number={data.number} />}>
        <Lines document={data} />
        <Sums document={data} />
      </Section>
      <Notes document={data} />
      <Payments document={data} />
      <Proof document={data} />
    </Page>
  );
}

function Lines({ document }: { document: DocumentView }) {
  const rows = useSearch({ from: "/billing/invoices/$number" });
  const navigate = useNavigate({ from: "/billing/invoices/$number" });
  const { number, month } = document;
  return (
    <>
      <LineTable
        document={document}
        source={{ draft: false, number, month }}
        rows={rows}
        onOpen={(next) => void navigate({ search: next, resetScroll: false })}
        totalWord="Lines together"
      />
      <p className="no-print mt-4 text-12 text-ink-3">
        A line of usage opens to its hours, for good. The single requests behind an hour are kept
        for two days.
      </p>
    </>
  );
}

function Back() {
  return (
    <p className="mb-5 text-13 no-print">
      <Link to="/billing" className="link">
        Billing
      </Link>
    </p>
  );
}
