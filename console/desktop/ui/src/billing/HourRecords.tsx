import { formatBytes, formatCount } from "@suiftly/ui";
import type { InvoiceRecord, UsageHour } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lineSearch, placeText } from "../drill/lines/place";
import { clockMs } from "../model/instant";
import { Loaded } from "../parts/Pane";
import { useServerNames } from "../parts/ServerName";
import { recordsQuery } from "./queries";

interface HourRecordsProps {
  number: string;
  customer: number;
  hour: UsageHour;
}

/** The billable records of an hour. Each opens in the drill, down to its line. */
export function HourRecords({ number, customer, hour }: HourRecordsProps) {
  const query = useInfiniteQuery(recordsQuery(number, hour));
  if (hour.service == null) {
    return <p className="hour-records text-ink-3">Records of an unknown service are not listed.</p>;
  }
  return (
    <div className="hour-records">
      <Loaded query={query} what="Its records" rows={3}>
        {({ pages }) => {
          const records = pages.flatMap(({ items }) => items);
          return records.length === 0 ? (
            <p className="text-ink-3">
              Its records are no longer kept: they stand in the journal alone.
            </p>
          ) : (
            records.map((record) => (
              <RecordRow key={placeText(record)} {...{ record, customer, hour }} />
            ))
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <button
          type="button"
          className="link"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          More of them
        </button>
      )}
    </div>
  );
}

const HOUR_MS = 3_600_000;

interface RecordRowProps {
  record: InvoiceRecord;
  customer: number;
  hour: UsageHour;
}

function RecordRow({ record, customer, hour }: RecordRowProps) {
  const name = useServerNames();
  const { timestamp, status_code, server_id, bytes_sent, repeat } = record;
  const to = new Date(Date.parse(hour.hour) + HOUR_MS).toISOString();
  const { value, unit } = formatBytes(bytes_sent);
  return (
    <Link
      to="/drill"
      search={{
        customer_id: customer,
        ...(hour.service != null && { service_type: hour.service }),
        measure: "requests",
        from: hour.hour,
        to,
        ...lineSearch(record),
      }}
      className="quiet-link record-row mono"
      data-testid="invoice-record"
    >
      <span>{clockMs(timestamp)}</span>
      <span>{name(server_id ?? null)}</span>
      <span>{status_code}</span>
      <span>{`${value} ${unit}`}</span>
      <span>{repeat === 1 ? "" : `stands for ${formatCount(repeat)}`}</span>
    </Link>
  );
}
