import { Empty, formatBytes, formatCount, formatMoment, Money } from "@suiftly/ui";
import type { InvoiceView, UsageHour } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Pane";
import { serviceWord } from "../words/services";
import { HourRecords } from "./HourRecords";
import { hoursQuery } from "./queries";

const keyOfHour = ({ hour, service, network }: UsageHour) => `${hour} ${service} ${network}`;

/** What each hour was charged: they add up to the lines of usage. One opens to its records. */
export function InvoiceHours({ invoice }: { invoice: InvoiceView }) {
  const { number, customer_id } = invoice;
  const query = useInfiniteQuery(hoursQuery(number));
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Loaded query={query} what="Its hours" rows={10}>
      {({ pages }) => (
        <DataTable
          label={`Hours of ${number}`}
          columns={COLUMNS}
          rows={pages.flatMap(({ items }) => items)}
          rowKey={keyOfHour}
          selected={open}
          onOpen={(row) => setOpen(open === keyOfHour(row) ? null : keyOfHour(row))}
          below={(row) =>
            keyOfHour(row) === open ? (
              <HourRecords number={number} customer={customer_id} hour={row} />
            ) : null
          }
          onEnd={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
          }}
          empty={
            <Empty title="No hour was charged">
              Plans and add-ons are no usage: they have no hours.
            </Empty>
          }
        />
      )}
    </Loaded>
  );
}

const COLUMNS: readonly Column<UsageHour>[] = [
  {
    key: "hour",
    head: "Hour",
    width: "108px",
    cell: ({ hour }) => (
      <span title={hour} data-testid="invoice-hour">
        {formatMoment(Date.parse(hour), 0).slice(0, -3)}
      </span>
    ),
    by: ({ hour }) => hour,
  },
  {
    key: "service",
    head: "Service",
    cell: ({ service, network }) => `${serviceWord(service)} ${network ?? ""}`,
    by: ({ service }) => service ?? "",
  },
  {
    key: "requests",
    head: "Requests",
    width: "84px",
    number: true,
    cell: ({ requests }) => formatCount(requests),
    by: ({ requests }) => requests,
  },
  {
    key: "bytes",
    head: "Bytes",
    width: "84px",
    number: true,
    cell: ({ bytes }) => {
      const { value, unit } = formatBytes(bytes);
      return <span title={formatCount(bytes)}>{`${value} ${unit}`}</span>;
    },
    by: ({ bytes }) => bytes,
  },
  {
    key: "charged",
    head: "Charged",
    width: "92px",
    number: true,
    cell: ({ charged_micro_usd }) => <Money microUsd={charged_micro_usd} digits="all" />,
    by: ({ charged_micro_usd }) => charged_micro_usd,
  },
];
