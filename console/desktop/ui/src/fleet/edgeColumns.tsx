// What a row of the fleet's table says, column by column.
import {
  formatCount,
  formatDuration,
  formatMinute,
  formatRate,
  Known,
  Spark,
  StatusGlyph,
  UNKNOWN,
} from "@suiftly/ui";
import { formatPpm } from "../model/format";
import type { Column } from "../parts/DataTable";
import { type EdgeRow, type ServerCount, STANDINGS } from "./edges";

const VERSIONS = 40;

export function edgeColumns(now: number): readonly Column<EdgeRow>[] {
  return [
    {
      key: "edge",
      head: "Edge",
      width: "minmax(52px, 1.4fr)",
      cell: ({ edge: { name } }) => (
        <b className="fleet-name" title={name}>
          {name}
        </b>
      ),
      by: ({ edge }) => edge.name,
    },
    {
      key: "id",
      head: "id",
      width: "minmax(38px, 0.5fr)",
      number: true,
      cell: ({ edge: { servers } }) => (
        <span className="text-ink-3" title={servers.join(", ")}>
          {servers.length > 2 ? `${servers[0]} +${servers.length - 1}` : servers.join(", ")}
        </span>
      ),
    },
    {
      key: "state",
      head: "Vault",
      width: "100px",
      cell: ({ edge: { state } }) => (
        <StatusGlyph status={STANDINGS[state].status} word={STANDINGS[state].word} />
      ),
      by: ({ edge }) => Object.keys(STANDINGS).indexOf(edge.state),
    },
    {
      key: "version",
      head: "Applied",
      width: "58px",
      cell: ({ edge: { version } }) =>
        version == null ? <Known text={UNKNOWN} /> : `v${formatCount(version)}`,
      by: ({ edge }) => edge.version ?? 0,
    },
    { key: "took", head: "took", width: "66px", number: true, cell: Took, by: tookBy },
    {
      key: "history",
      head: `${VERSIONS} versions`,
      width: "80px",
      cell: ({ history }) => <Spark values={history} capacity={VERSIONS} width={70} height={18} />,
    },
    {
      key: "lines",
      head: "lines / s",
      width: "54px",
      number: true,
      cell: ({ linesPerSecond }) => <Known text={formatRate(linesPerSecond)} />,
      by: ({ linesPerSecond }) => linesPerSecond ?? -1,
    },
    {
      key: "missing",
      head: "missing, 1 h",
      width: "74px",
      number: true,
      cell: ({ missing }) => <Missing missing={missing} now={now} />,
      by: ({ missing }) => missing?.lines ?? -1,
    },
    {
      key: "dropped",
      head: "dropped",
      width: "56px",
      number: true,
      cell: ({ dropped }) => <Loud value={dropped} />,
      by: ({ dropped }) => dropped ?? -1,
    },
    {
      key: "ppm",
      head: "loss ppm",
      width: "62px",
      number: true,
      cell: ({ ppm }) => <Known text={ppm === null ? UNKNOWN : formatPpm(ppm)} />,
      by: ({ ppm }) => ppm ?? -1,
    },
    {
      key: "servers",
      head: "Servers",
      width: "54px",
      number: true,
      cell: ({ servers }) => <Servers of={servers} />,
      by: ({ servers }) => servers.down,
    },
    {
      key: "canary",
      head: "Canary",
      width: "92px",
      cell: ({ canary: { status, word } }) => <StatusGlyph status={status} word={word} />,
    },
    {
      key: "haproxy",
      head: "HAProxy",
      width: "minmax(56px, 0.8fr)",
      number: true,
      cell: ({ haproxy }) => (
        <span className="text-ink-3">
          <Known text={haproxy.length === 0 ? UNKNOWN : haproxy.join(", ")} />
        </span>
      ),
    },
  ];
}

function Took({ lateMs, tookMs }: EdgeRow) {
  if (lateMs !== null) return <b>{formatDuration(lateMs)}</b>;
  return <Known text={formatDuration(tookMs)} />;
}

function tookBy({ lateMs, tookMs }: EdgeRow): number {
  return lateMs ?? tookMs ?? -1;
}

function Loud({ value }: { value: number | null }) {
  const text = <Known text={formatCount(value)} />;
  return (value ?? 0) > 0 ? <b>{text}</b> : text;
}

const HOUR_MS = 3_600_000;

/** Counted from when the window opened, where that is less than an hour ago: said on hover and marked. */
function Missing({ missing, now }: { missing: EdgeRow["missing"]; now: number }) {
  if (missing === null) return <Known text={UNKNOWN} />;
  const isShort = missing.since > now - HOUR_MS + 60_000;
  const title = isShort
    ? `Since ${formatMinute(missing.since)}, when this window opened`
    : undefined;
  return (
    <span title={title} data-value={missing.lines}>
      <Loud value={missing.lines} />
      {isShort && <span className="text-ink-3"> *</span>}
    </span>
  );
}

function Servers({ of: { all, down, out } }: { of: ServerCount }) {
  if (down > 0) return <b className="fleet-down">{`${down} down`}</b>;
  if (out > 0) return `${out} out`;
  return all === 0 ? <Known text={UNKNOWN} /> : formatCount(all);
}
