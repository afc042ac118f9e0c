import { Empty, formatCount, Segmented } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Pane";
import { useServerNames } from "../parts/ServerName";
import { backendName, type Cell, type Cells, endWord, isChosen } from "./cells";
import { FILTER_KEYS, type RecordFilter } from "./lines/fields";
import { cellsQuery, needsRecords, recordCellsQuery } from "./query/cells";
import { Share } from "./Share";
import { Spread } from "./Spread";
import { Step } from "./Step";
import type { Drilling } from "./useDrill";
import { verdict } from "./verdict";
import { recordsSpan, type Span } from "./window";

const BY = [
  { value: "backend", label: "Backend" },
  { value: "customer", label: "Customer" },
  { value: "key", label: "Key" },
] as const;
type By = (typeof BY)[number]["value"];

/** What the span is made of. */
export function CellsPane({ drill }: { drill: Drilling }) {
  const { span, search, go } = drill;
  const by: By = BY.find(({ value }) => value === search.by)?.value ?? "backend";
  return (
    <section className="pane drill-cells" aria-label="Cells that make it">
      <header className="pane-head">
        <h2>
          <Step number={2} />
          Cells that make it
        </h2>
        <Segmented
          label="Cells by"
          value={by}
          onChange={(value) => go({ by: value })}
          options={BY}
        />
      </header>
      {span === null ? (
        <p className="text-ink-3">Cells of the span chosen stand here.</p>
      ) : by === "backend" ? (
        <ByBackend drill={drill} span={span} />
      ) : (
        <Spread drill={drill} span={span} by={by} />
      )}
    </section>
  );
}

function ByBackend({ drill, span }: { drill: Drilling; span: Span }) {
  const { asked, now } = drill;
  const raw = needsRecords(asked);
  const records = recordsSpan(span, now);
  const byGateways = useQuery({ ...cellsQuery(span, asked, now), enabled: !raw });
  const times = records ? { from: records.from, to: records.to } : span;
  const byRecords = useQuery({
    ...recordCellsQuery(times, asked),
    enabled: raw && records !== null,
  });
  if (raw && records === null) return <Gone />;
  return (
    <Loaded query={raw ? byRecords : byGateways} what="The cells">
      {(cells) => (
        <>
          <CellTable cells={cells} drill={drill} />
          <VerdictLine cells={cells} />
          {raw && records?.cut && <p className="drill-said">{records.cut}</p>}
        </>
      )}
    </Loaded>
  );
}

export function Gone() {
  return (
    <Empty title="No raw records of then">
      They are kept for two days. The bars, and the cells by backend, reach further back.
    </Empty>
  );
}

/** Choosing a cell narrows the lines to it; choosing it again takes that back. */
function CellTable({ cells: { cells, requests }, drill }: { cells: Cells; drill: Drilling }) {
  const server = useServerNames();
  const { filter, narrow } = drill;
  const chosen = cells.find((cell) => isChosen(cell, filter));
  const open = (cell: Cell) =>
    narrow(
      cell === chosen ? without(filter, cell.filter) : { ...withoutCells(filter), ...cell.filter },
    );
  return (
    <DataTable
      label="Cells"
      columns={columnsOf(server, requests)}
      rows={cells}
      rowKey={({ key }) => key}
      selected={chosen?.key ?? null}
      onOpen={open}
      empty={
        <Empty title="None in this span">
          What ended so is counted here by gateway and backend.
        </Empty>
      }
    />
  );
}

function columnsOf(
  server: (id: number | null) => string,
  requests: number,
): readonly Column<Cell>[] {
  const name = ({ group }: Cell) => server(group.server_id ?? null);
  return [
    { key: "server", head: "Server", width: "74px", cell: (cell) => <b>{name(cell)}</b>, by: name },
    {
      key: "backend",
      head: "Backend",
      width: "minmax(0, 0.85fr)",
      cell: ({ group }) => backendName(group),
    },
    { key: "end", head: "Ended with", cell: endWord },
    {
      key: "requests",
      head: "Requests",
      width: "66px",
      number: true,
      cell: (cell) => (
        <b data-testid="drill-cell" data-value={cell.requests}>
          {formatCount(cell.requests)}
        </b>
      ),
      by: (cell) => cell.requests,
    },
    {
      key: "share",
      head: "Share",
      width: "52px",
      cell: (cell) => <Share of={cell.requests} whole={requests} />,
    },
    {
      key: "usual",
      head: "usual",
      width: "46px",
      number: true,
      cell: ({ usual }) => <span className="text-ink-3">{formatCount(usual)}</span>,
    },
  ];
}

function VerdictLine({ cells }: { cells: Cells }) {
  const found = verdict(cells, useServerNames());
  if (found === null) return null;
  return (
    <p className="drill-said" data-testid="drill-verdict">
      {found.share} <b>{found.said}</b> {found.because}
    </p>
  );
}

const CELL_KEYS = ["server_id", "backend_id", "event_type", "termination_state", "status"];

function withoutCells(filter: RecordFilter): RecordFilter {
  return keeping(filter, (key) => !CELL_KEYS.includes(key));
}

function without(filter: RecordFilter, taken: RecordFilter): RecordFilter {
  return keeping(filter, (key) => !(key in taken));
}

function keeping(filter: RecordFilter, keep: (key: string) => boolean): RecordFilter {
  const kept = FILTER_KEYS.filter((key) => keep(key) && filter[key] !== undefined);
  return Object.fromEntries(kept.map((key) => [key, filter[key]]));
}
