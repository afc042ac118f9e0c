import { Copy, formatClock, formatCount, formatDay, MINUTE_MS, UNKNOWN } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { clockMs } from "../../model/instant";
import { CustomerLink } from "../../parts/CustomerName";
import { KeyName } from "../../parts/KeyName";
import { ServerName } from "../../parts/ServerName";
import { backendWord, eventWord, trafficWord } from "../../words/events";
import { lineSearch, placeText } from "../lines/place";
import { isBad, lineText } from "../lines/tokens";
import { Step } from "../Step";
import { rfc3339 } from "../window";

type Field = readonly [name: string, value: ReactNode, loud?: boolean];

/** Every field of a line, in words and codes. */
export function FieldsPane({ line }: { line: RecordLine }) {
  return (
    <section className="pane drill-request" aria-label="One request" data-testid="drill-request">
      <header className="pane-head">
        <h2>
          <Step number={4} />
          One request
        </h2>
        <code className="pane-note">
          {line.server_id ?? UNKNOWN} / {line.seq ?? UNKNOWN} / {placeText(line)}
        </code>
      </header>
      <dl className="drill-fields">
        {fieldsOf(line).map(([name, value, loud = false]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={loud ? "line-loud" : undefined}>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="drill-buttons">
        <Copy text={lineText(line)}>Copy line</Copy>
        {line.api_key_fp !== 0 && <AllOfKey line={line} />}
      </div>
    </section>
  );
}

function fieldsOf(line: RecordLine): readonly Field[] {
  const bad = isBad(line);
  const coded = (word: string, code: number | string) => (
    <>
      {word} <span className="text-ink-3">{code}</span>
    </>
  );
  return [
    [
      "time",
      <span key="t" title={line.timestamp}>
        {clockMs(line.timestamp)}
      </span>,
    ],
    ["customer", <CustomerLink key="c" id={line.customer_id ?? null} />],
    ["server", <Server key="s" id={line.server_id ?? null} />],
    ["key", <KeyName key="k" fp={line.api_key_fp} customer={line.customer_id ?? null} />],
    ["network", line.network ?? UNKNOWN],
    ["client", line.client_ip ?? UNKNOWN],
    ["service", line.service ?? UNKNOWN],
    ["path", line.path_prefix ?? UNKNOWN],
    ["frontend", line.frontend ?? UNKNOWN],
    ["status", line.status_code, bad],
    ["traffic", coded(trafficWord(line.traffic_type), line.traffic_type)],
    ["bytes sent", formatCount(line.bytes_sent)],
    ["event", coded(eventWord(line.event_type), line.event_type), bad],
    ["ended", line.termination_state, bad],
    ["stands for", line.repeat === 1 ? "one request" : `${formatCount(line.repeat)} requests`],
    ["backend", coded(backendWord(line.backend_id), line.backend_id)],
    [
      "worker since",
      line.boot ? (
        <span key="b" title={line.boot}>
          {sinceOf(line.boot)}
        </span>
      ) : (
        UNKNOWN
      ),
    ],
    ["journal", placeText(line)],
  ];
}

/** "22 Nov 22:06:39" */
function sinceOf(boot: string): string {
  const ms = Date.parse(boot);
  return `${formatDay(ms)} ${formatClock(ms)}`;
}

function Server({ id }: { id: number | null }) {
  return (
    <>
      <ServerName id={id} /> <span className="text-ink-3">{id}</span>
    </>
  );
}

/** A minute either way: what else its key asked for. */
function AllOfKey({ line }: { line: RecordLine }) {
  const at = Date.parse(line.timestamp);
  return (
    <Link
      to="/drill"
      search={{
        measure: "requests",
        api_key_fp: line.api_key_fp,
        from: rfc3339(at - MINUTE_MS),
        to: rfc3339(at + MINUTE_MS),
        ...lineSearch(line),
      }}
      className="btn"
    >
      All of this key, ± 1 min
    </Link>
  );
}
