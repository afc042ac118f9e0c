import {
  Button,
  CLASSES,
  type ClassKey,
  Count,
  explain,
  Failed,
  formatBytes,
  formatClock,
  Money,
  SkeletonRows,
  Swatch,
  UNKNOWN,
  Unit,
} from "@suiftly/ui";
import type { RecordRow } from "@suiftly/ui/api/customer";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { SERVICE_NAMES } from "../app/queries";
import { closed } from "./opens";
import { recordsQuery } from "./queries";
import type { UsageSearch } from "./search";

/** The single requests of an hour, while they are kept. */
export function Records({ hour, search }: { hour: string; search: UsageSearch }) {
  const query = useInfiniteQuery(recordsQuery(hour, search));
  const ref = useRef<HTMLElement>(null);
  // Opened from the chart, it may stand far below.
  useEffect(() => {
    ref.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const records = query.data?.pages.flatMap(({ items }) => items);
  const name = `${hour.slice(11)}:00`;
  return (
    <section ref={ref} className="usage-records" aria-label={`Requests of ${name}`}>
      <header>
        <h3>{`Requests from ${name} to ${hour.slice(11)}:59, the first ones first`}</h3>
        <Link to="/usage" search={closed(search)} className="link" resetScroll={false}>
          Close
        </Link>
      </header>
      {query.isPending && <SkeletonRows rows={4} columns={6} />}
      {query.error && (
        <Failed
          what="The requests did not load"
          problem={explain(query.error)}
          onRetry={() => void query.refetch()}
        />
      )}
      {records?.length === 0 && (
        <p className="text-ink-2">
          No single requests of this hour are kept: they are for two days. Its sums stay.
        </p>
      )}
      {records && records.length > 0 && <RecordTable records={records} />}
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

function RecordTable({ records }: { records: readonly RecordRow[] }) {
  return (
    <table className="table" data-phone="rows">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Class</th>
          <th scope="col" className="number">
            Status
          </th>
          <th scope="col">Service</th>
          <th scope="col">Key</th>
          <th scope="col">Path</th>
          <th scope="col" className="number">
            Took
          </th>
          <th scope="col" className="number">
            Sent
          </th>
          <th scope="col" className="number">
            Cost
          </th>
        </tr>
      </thead>
      <tbody>
        {records.map((record, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: requests have no name of their own, and their order never changes
          <Record key={`${record.at} ${index}`} record={record} />
        ))}
      </tbody>
    </table>
  );
}

function Record({ record }: { record: RecordRow }) {
  const sent = formatBytes(record.bytes_sent);
  return (
    <tr>
      <td className="code" title={record.at}>
        {formatClock(Date.parse(record.at))}
        {record.repeat > 1 && <Unit>{`× ${record.repeat}`}</Unit>}
      </td>
      <td>
        <ClassWord of={record.class} />
      </td>
      <td className="number">{record.status_code < 0 ? "left" : record.status_code}</td>
      <td data-wide>{serviceWord(record)}</td>
      <td data-wide className="code">
        {record.api_key_prefix ? `${record.api_key_prefix}…` : UNKNOWN}
      </td>
      <td data-wide className="code">
        {record.path_prefix === null ? UNKNOWN : `/${record.path_prefix}`}
      </td>
      <td className="number" data-wide>
        <Count value={record.time_total_ms} unit="ms" />
      </td>
      <td className="number" data-wide>
        {sent.value}
        <Unit>{sent.unit}</Unit>
      </td>
      <td className="number">
        <Cost record={record} />
      </td>
    </tr>
  );
}

function Cost({ record: { is_billed, charged_micro_usd } }: { record: RecordRow }) {
  if (!is_billed) return <span className="text-ink-3">free</span>;
  // Its price depends on the whole month: it has none of its own.
  if (charged_micro_usd === null || charged_micro_usd === undefined) return "billed";
  return <Money microUsd={charged_micro_usd} digits="all" />;
}

function ClassWord({ of }: { of: string }) {
  const known = CLASSES.find(({ key }) => key === of);
  if (known === undefined) return of;
  const key: ClassKey = known.key;
  return (
    <>
      <Swatch of={key} /> {known.word}
    </>
  );
}

function serviceWord({ service, network }: RecordRow): string {
  const names: Readonly<Record<string, string>> = SERVICE_NAMES;
  const words = [service && (names[service] ?? service), network];
  return words.filter(Boolean).join(", ") || UNKNOWN;
}
