import { formatCount } from "@suiftly/ui";
import type { RecordLine, TriedLine, TryFormatView } from "@suiftly/ui/api/admin";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clockMs } from "../model/instant";
import { Loaded } from "../parts/Pane";
import { markAt } from "./marks";

interface TriedLinesProps {
  query: UseQueryResult<TryFormatView>;
  isWritten: boolean;
}

/** What the format makes of each line: the record, or where it stops fitting. */
export function TriedLines({ query, isWritten }: TriedLinesProps) {
  const tried = query.data;
  return (
    <div className="tried tight-part">
      <div className="tight-row">
        <h3 className="tight-head">Tried on the lines</h3>
        {isWritten && tried !== undefined && tried.error == null && <Tally tried={tried} />}
      </div>
      <div className="tried-lines" data-kept={query.isPlaceholderData}>
        {isWritten ? (
          <Loaded query={query} what="The trial" rows={4}>
            {({ lines, error }) => (
              <>
                {error != null && (
                  <p className="words">Lines are tried once the format can be used.</p>
                )}
                {error == null && lines.length === 0 && (
                  <p className="words">No line of this reason is left to be tried.</p>
                )}
                {lines.map((line) => (
                  <TriedRow key={line.offset} line={line} />
                ))}
              </>
            )}
          </Loaded>
        ) : (
          <p className="words">
            Write a string above, or start from one. Each line shows the record it would become, or
            where it stops fitting. Nothing is changed by trying.
          </p>
        )}
      </div>
    </div>
  );
}

function Tally({ tried: { read, failed } }: { tried: TryFormatView }) {
  const all = read + failed;
  return (
    <span
      className={failed === 0 ? "tally-ok" : "tally-warn"}
      data-testid="tally"
      data-value={read}
      aria-live="polite"
    >
      {formatCount(read)} of {formatCount(all)} fit
    </span>
  );
}

function TriedRow({ line }: { line: TriedLine }) {
  const { before, wrong, after } = markAt(
    line.text,
    line.record == null ? (line.stops_at ?? null) : null,
  );
  return (
    <div className="tried-row" data-testid="tried" data-fits={line.record != null}>
      <Link
        to="/quarantine"
        search={(now) => ({ ...now, offset: line.offset, tab: "line" })}
        className="quiet-link mono tried-text"
        title={line.text}
      >
        {before}
        {line.problem != null && line.stops_at != null && (
          <mark data-tone="bad">{wrong === "" ? "▏" : wrong}</mark>
        )}
        {after}
      </Link>
      {line.record != null ? (
        <RecordWords record={line.record} />
      ) : (
        <p className="tried-problem">{line.problem}</p>
      )}
    </div>
  );
}

/** The record in a row: what a bill and a drill go by. */
function RecordWords({ record }: { record: RecordLine }) {
  const parts = [
    clockMs(record.timestamp),
    `status ${record.status_code}`,
    record.service ?? "no service",
    record.customer_id == null ? "no customer" : `customer ${record.customer_id}`,
    `${formatCount(record.time_total_ms)} ms`,
    `${formatCount(record.bytes_sent)} B`,
    record.path_prefix ?? "",
  ];
  return <p>{parts.filter((part) => part !== "").join(" · ")}</p>;
}
