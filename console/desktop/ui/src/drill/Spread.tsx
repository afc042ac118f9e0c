// The span by customer or key: whether it is one of them, or all.
import { Empty, formatCount } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { CustomerLink } from "../parts/CustomerName";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Pane";
import { Gone } from "./CellsPane";
import type { RecordFilter } from "./lines/fields";
import { countedQuery } from "./query/cells";
import type { Asked } from "./query/shared";
import type { Counted, CountedGroup } from "./records";
import { Share } from "./Share";
import type { Drilling } from "./useDrill";
import { spreadWords } from "./verdict";
import { before, recordsSpan, type Span } from "./window";

interface SpreadProps {
  drill: Drilling;
  span: Span;
  by: "customer" | "key";
}

export function Spread({ drill, span, by }: SpreadProps) {
  const { asked, now } = drill;
  const records = recordsSpan(span, now);
  const times = records && { from: records.from, to: records.to };
  // What is chosen among them stays one of them.
  const { customer_id, api_key_fp: _, ...others } = asked.filter;
  const kept = by === "key" && customer_id !== undefined ? { ...others, customer_id } : others;
  const all: Asked = { ...asked, filter: kept };
  const groupBy = by === "customer" ? "customer_id" : "api_key_fp,customer_id";
  const query = useQuery(countedQuery(times, all, groupBy));
  const earlier = useQuery(countedQuery(times && before(times), all, groupBy)).data;
  if (records === null) return <Gone />;
  return (
    <Loaded query={query} what="The counts">
      {(counted) => (
        <>
          <SpreadTable {...{ counted, drill, by, earlier: earlier ?? null }} />
          <p className="drill-said">
            {spreadWords(counted.groups, counted.requests, by)}{" "}
            {counted.leftOut > 0 && `${formatCount(counted.leftOut)} smaller ones are not listed. `}
            Counted from raw records, which are read for an hour at a time and kept for two days.{" "}
            {records.cut}
          </p>
        </>
      )}
    </Loaded>
  );
}

interface SpreadTableProps {
  counted: Counted;
  earlier: Counted | null;
  drill: Drilling;
  by: "customer" | "key";
}

function SpreadTable({ counted, earlier, drill, by }: SpreadTableProps) {
  const { filter, narrow } = drill;
  const filterOf = ({ group }: CountedGroup): RecordFilter =>
    by === "key"
      ? { api_key_fp: group.api_key_fp ?? 0 }
      : { ...(group.customer_id != null && { customer_id: group.customer_id }) };
  const isChosen = (row: CountedGroup) =>
    by === "key"
      ? filter.api_key_fp === row.group.api_key_fp
      : filter.customer_id === row.group.customer_id;
  const chosen = counted.groups.find(
    (row) => Object.keys(filterOf(row)).length > 0 && isChosen(row),
  );
  const open = (row: CountedGroup) => {
    const { customer_id, api_key_fp, ...rest } = filter;
    const kept = by === "key" && customer_id !== undefined ? { ...rest, customer_id } : rest;
    narrow(row === chosen ? kept : { ...kept, ...filterOf(row) });
  };
  return (
    <DataTable
      label={by === "key" ? "Keys" : "Customers"}
      columns={columnsOf(by, counted.requests, usualOf(earlier))}
      rows={counted.groups}
      rowKey={keyOf}
      selected={chosen ? keyOf(chosen) : null}
      onOpen={open}
      empty={
        <Empty title="None in this span">Requests of the span are counted here by {by}.</Empty>
      }
    />
  );
}

function keyOf({ group }: CountedGroup): string {
  return `${group.api_key_fp ?? ""} ${group.customer_id ?? ""}`;
}

function usualOf(earlier: Counted | null) {
  const requests = new Map(earlier?.groups.map((row) => [keyOf(row), row.requests]));
  // Who is not among the largest then may have had some all the same.
  const least = earlier !== null && earlier.leftOut === 0 ? 0 : null;
  return (row: CountedGroup) => requests.get(keyOf(row)) ?? least;
}

function columnsOf(
  by: "customer" | "key",
  requests: number,
  usual: (row: CountedGroup) => number | null,
): readonly Column<CountedGroup>[] {
  return [
    ...(by === "key"
      ? [
          {
            key: "key",
            head: "Key",
            width: "104px",
            cell: ({ group }: CountedGroup) => <KeyWord fp={group.api_key_fp ?? 0} />,
          },
        ]
      : []),
    {
      key: "customer",
      head: "Customer",
      cell: ({ group }) => <CustomerLink id={group.customer_id ?? null} />,
    },
    {
      key: "requests",
      head: "Requests",
      width: "76px",
      number: true,
      cell: (row) => (
        <b data-testid="drill-cell" data-value={row.requests}>
          {formatCount(row.requests)}
        </b>
      ),
      by: (row) => row.requests,
    },
    {
      key: "share",
      head: "Share",
      width: "62px",
      cell: (row) => <Share of={row.requests} whole={requests} />,
    },
    {
      key: "usual",
      head: "usual",
      width: "60px",
      number: true,
      cell: (row) => <span className="text-ink-3">{formatCount(usual(row))}</span>,
    },
  ];
}

function KeyWord({ fp }: { fp: number }) {
  return fp === 0 ? <span className="text-ink-3">no key</span> : <code>{fp}</code>;
}
