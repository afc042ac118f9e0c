import {
  CLASSES,
  Count,
  formatDay,
  formatMinute,
  formatWeekday,
  Money,
  Rail,
  UNKNOWN,
  Unit,
} from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { closed, opensOf } from "./opens";
import { sinceFirst, type UsageRow } from "./points";
import { Records } from "./Records";
import type { UsageSearch } from "./search";
import { DAY, hourText, type Span } from "./span";
import type { Usage } from "./useUsage";
import { TIMES_WITHIN } from "./words";

interface RowsProps {
  usage: Usage;
  search: UsageSearch;
}

/** The same figures by hour or day, newest first. Rows add up to the figures above. */
export function Rows({ usage, search }: RowsProps) {
  const { rows, span } = usage;
  const shown = sinceFirst(rows);
  const most = roundUp(shown.reduce((top, { counts }) => Math.max(top, counts.requests), 1));
  return (
    <>
      <table className="table usage-rows" data-phone="rows">
        <caption className="visually-hidden">
          Requests by {ROW_WORDS[span.rows.bucket].toLowerCase()} and class, newest first
        </caption>
        <Head span={span} />
        <tbody>
          {shown.map((row, index) => (
            <Row
              key={row.start}
              row={row}
              span={span}
              search={search}
              most={most}
              // Of the rows of one hour the last one, which comes first, holds what is open.
              open={isOpen(row, search) && !isOpen(shown[index + 1], search)}
            />
          ))}
        </tbody>
      </table>
      {shown.length < rows.length && (
        <p className="usage-before">Nothing before {rowName(shown.at(-1), span)} in this range.</p>
      )}
    </>
  );
}

/** To two digits: a row that grows must not draw all others anew each time. */
function roundUp(count: number): number {
  const unit = 10 ** Math.max(0, String(count).length - 2);
  return Math.ceil(count / unit) * unit;
}

const ROW_WORDS = {
  minute: "Minute",
  five_minutes: "Five minutes",
  hour: "Hour",
  day: "Day",
} as const;

function isOpen(row: UsageRow | undefined, { hour }: UsageSearch): boolean {
  return row !== undefined && hour !== undefined && hourText(row.start) === hour;
}

function Head({ span }: { span: Span }) {
  return (
    <thead>
      <tr>
        <th scope="col">{ROW_WORDS[span.rows.bucket]}</th>
        <th scope="col" data-wide>
          <span className="visually-hidden">Shares</span>
        </th>
        <th scope="col" className="number">
          Requests
        </th>
        {CLASSES.map(({ key, word }) => (
          <th key={key} scope="col" className="number" data-wide>
            {SHORT_WORDS[key] ?? word}
          </th>
        ))}
        <th scope="col" className="number" data-wide title={TIMES_WITHIN}>
          p95
        </th>
        {span.rows.bucket !== "five_minutes" && (
          <th scope="col" className="number">
            Cost
          </th>
        )}
      </tr>
    </thead>
  );
}

/** There is no room for two words in a column of small numbers. */
const SHORT_WORDS: Partial<Record<(typeof CLASSES)[number]["key"], string>> = {
  client_error: "Client",
  server_error: "Server",
};

interface RowProps {
  row: UsageRow;
  span: Span;
  search: UsageSearch;
  most: number;
  open: boolean;
}

const Row = memo(
  function Row({ row, span, search, most, open }: RowProps) {
    const { start, counts, filling, p95, ratedMicroUsd } = row;
    return (
      <>
        <tr data-opens data-selected={open}>
          <th scope="row">
            <Link
              to="/usage"
              search={open ? closed(search) : opensOf(search, span, start)}
              className="row-link"
              resetScroll={false}
              {...(span.rows.bucket !== "day" && { "aria-expanded": open })}
            >
              {rowName(row, span)}
            </Link>
            {filling && <span className="unit"> filling</span>}
          </th>
          <td data-wide className="usage-rail">
            {counts.requests > 0 && (
              <div style={{ width: `${(counts.requests / most) * 100}%` }}>
                <Rail counts={counts} />
              </div>
            )}
          </td>
          <td className="number font-560">
            <Count value={counts.requests} />
          </td>
          {CLASSES.map(({ key }) => (
            <td key={key} className="number" data-wide>
              <Count value={counts[key]} />
            </td>
          ))}
          <td className="number" data-wide>
            <Count value={p95} />
            {p95 !== null && <Unit>ms</Unit>}
          </td>
          {span.rows.bucket !== "five_minutes" && (
            <td className="number">
              {ratedMicroUsd === null && counts.requests > 0 ? (
                UNKNOWN
              ) : (
                <Money microUsd={ratedMicroUsd ?? 0} digits="all" />
              )}
            </td>
          )}
        </tr>
        {open && <Opened row={row} search={search} />}
      </>
    );
  },
  (a, b) =>
    a.open === b.open &&
    a.most === b.most &&
    a.span === b.span &&
    a.search === b.search &&
    a.row.filling === b.row.filling &&
    a.row.p95 === b.row.p95 &&
    a.row.ratedMicroUsd === b.row.ratedMicroUsd &&
    a.row.counts === b.row.counts,
);

function Opened({ row, search }: { row: UsageRow; search: UsageSearch }) {
  return (
    <tr className="usage-opened">
      <td colSpan={CLASSES.length + 5} data-line>
        <Records hour={hourText(row.start)} search={search} />
      </td>
    </tr>
  );
}

/** "14:00", "Thu 14:00" where the range has two days, "Thu 19 Nov" of a day. */
function rowName(row: UsageRow | undefined, span: Span): string {
  if (row === undefined) return "";
  const { start } = row;
  if (span.rows.bucket === "day") return `${formatWeekday(start)} ${formatDay(start)}`;
  const oneDay = Math.floor(span.from / DAY) === Math.floor((span.to - 1) / DAY);
  return oneDay ? formatMinute(start) : `${formatWeekday(start)} ${formatMinute(start)}`;
}
