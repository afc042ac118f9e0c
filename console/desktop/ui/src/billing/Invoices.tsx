import { Empty, formatMoment, Money, Segmented, SelectField, StatusGlyph } from "@suiftly/ui";
import type { InvoiceItem } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useNow } from "../app/console";
import { monthOfYear, monthsBack } from "../model/months";
import { CustomerLink, useCustomerName } from "../parts/CustomerName";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded, Pane } from "../parts/Pane";
import { invoicesQuery } from "./queries";
import { documentWord, invoiceStatus } from "./words";

/** Invoices and notes, the latest first. */
export function Invoices() {
  const { number, ...which } = useSearch({ from: "/billing" });
  const navigate = useNavigate({ from: "/billing" });
  const query = useInfiniteQuery(invoicesQuery(which));
  const now = useNow();
  const day = Math.floor(now / 86_400_000) * 86_400_000;
  const columns = useMemo(() => columnsOn(day), [day]);
  const isFiltered = Object.keys(which).length > 0;
  return (
    <Pane title="Invoices" note={<Filters />} className="pane-column">
      <Loaded query={query} what="Invoices" rows={10}>
        {({ pages }) => (
          <DataTable
            label="Invoices"
            columns={columns}
            rows={pages.flatMap(({ items }) => items)}
            rowKey={(invoice) => invoice.number}
            rowHeight={26}
            selected={number ?? null}
            onOpen={(invoice) =>
              void navigate({ search: (search) => ({ ...search, number: invoice.number }) })
            }
            tone={({ status }) =>
              status === "failed" ? "bad" : status === "void" ? "dim" : undefined
            }
            copy={(invoice) => invoice.number}
            onEnd={() => {
              if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
            }}
            empty={
              <Empty title={isFiltered ? "No invoice is of these" : "No invoice yet"}>
                {isFiltered
                  ? "Choose another month or status, or all of them."
                  : "The first appears a day after a month’s end, for each customer with anything in it."}
              </Empty>
            }
          />
        )}
      </Loaded>
    </Pane>
  );
}

const STATUSES = [
  { value: "", label: "All" },
  { value: "open", label: "Open" },
  { value: "paid", label: "Paid" },
  { value: "failed", label: "Failed" },
  { value: "void", label: "Void" },
] as const;

const MONTHS_OFFERED = 18;

function Filters() {
  const { month = "", status = "", customer_id } = useSearch({ from: "/billing" });
  const navigate = useNavigate({ from: "/billing" });
  const name = useCustomerName(customer_id ?? null);
  const now = useNow();
  const months = monthsBack(now, MONTHS_OFFERED);
  const offered = month === "" || months.includes(month) ? months : [month, ...months];
  const set = (part: { month?: string; status?: string }) =>
    void navigate({ search: (search) => ({ ...search, ...part }) });
  const chosen = STATUSES.find(({ value }) => value === status)?.value ?? "";
  return (
    <div className="tight-row">
      {customer_id !== undefined && (
        <button
          type="button"
          className="filter-chip"
          title="Of all customers"
          onClick={() => void navigate({ search: ({ customer_id: _, ...search }) => search })}
        >
          {name ?? customer_id} <span aria-hidden="true">×</span>
        </button>
      )}
      <div className="month-filter">
        <SelectField
          label="Month"
          hideLabel
          value={month}
          onChange={(next) => set({ month: next })}
          options={[
            { value: "", label: "Every month" },
            ...offered.map((one) => ({ value: one, label: monthOfYear(one) })),
          ]}
        />
      </div>
      <Segmented
        label="Status"
        value={chosen}
        onChange={(next) => set({ status: next })}
        options={STATUSES}
      />
    </div>
  );
}

function columnsOn(day: number): readonly Column<InvoiceItem>[] {
  return [
    {
      key: "number",
      head: "Number",
      width: "124px",
      cell: ({ number }) => (
        <code className="mono" data-testid="invoice">
          {number}
        </code>
      ),
      by: ({ number }) => number,
    },
    {
      key: "customer",
      head: "Customer",
      cell: ({ customer_id }) => <CustomerLink id={customer_id} />,
      by: ({ customer_id }) => customer_id,
    },
    { key: "month", head: "Month", width: "66px", cell: ({ month }) => month, by: (i) => i.month },
    {
      key: "kind",
      head: "Kind",
      width: "82px",
      cell: ({ kind, corrects }) => (
        <span title={corrects == null ? undefined : `corrects ${corrects}`}>
          {documentWord(kind)}
        </span>
      ),
      by: ({ kind }) => kind,
    },
    {
      key: "status",
      head: "Status",
      width: "76px",
      cell: ({ status }) => <InvoiceStatus status={status} />,
      by: ({ status }) => status,
    },
    {
      key: "payable",
      head: "Payable",
      width: "96px",
      number: true,
      cell: ({ payable_micro_usd }) => <Money microUsd={payable_micro_usd} />,
      by: ({ payable_micro_usd }) => payable_micro_usd,
    },
    {
      key: "settled",
      head: "Settled",
      width: "116px",
      number: true,
      cell: ({ settled_at }) =>
        settled_at == null ? (
          "–"
        ) : (
          <span title={settled_at}>{formatMoment(Date.parse(settled_at), day)}</span>
        ),
      by: ({ settled_at }) => settled_at ?? "",
    },
  ];
}

/** A word; colour only where something is to be done. */
export function InvoiceStatus({ status }: { status: string }) {
  const { status: shape, word } = invoiceStatus(status);
  return status === "paid" || status === "void" ? word : <StatusGlyph status={shape} word={word} />;
}
