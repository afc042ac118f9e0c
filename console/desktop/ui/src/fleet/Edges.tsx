import { formatCount, formatDuration } from "@suiftly/ui";
import type { FleetView } from "@suiftly/ui/api/admin";
import type { UseQueryResult } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useConsole, useNow } from "../app/console";
import { DataTable } from "../parts/DataTable";
import { Loaded, Pane } from "../parts/Pane";
import { addressWith, type FleetSearch } from "./address";
import { edgeColumns } from "./edgeColumns";
import { type EdgeRow, edgeRows, fleetWords, STANDINGS } from "./edges";
import { lossHistory } from "./lossKeeper";
import { Troubles } from "./Troubles";
import { fleetTroubles } from "./trouble";

const ROW = 30;
const HEAD = 22;
/** More edges scroll in their table: what is below them stays in sight. */
const ROWS_SHOWN = 9;

interface EdgesProps {
  fleet: UseQueryResult<FleetView>;
  search: FleetSearch;
  /** The name of the one whose details are shown. */
  open: string | null;
}

/** Every expected edge: what it enforces, how fast it takes what is published, what it loses. */
export function Edges({ fleet, search, open }: EdgesProps) {
  const { data } = fleet;
  return (
    <Pane
      title={<>Fleet {data && <span className="fleet-note">{fleetWords(data.edges)}</span>}</>}
      note="behind for 15 min raises a notification · silent is never “current”"
    >
      <Loaded query={fleet} what="The fleet" rows={6}>
        {(view) => <EdgeTable view={view} search={search} opened={open} />}
      </Loaded>
    </Pane>
  );
}

interface EdgeTableProps {
  view: FleetView;
  search: FleetSearch;
  opened: string | null;
}

function EdgeTable({ view, search, opened }: EdgeTableProps) {
  const navigate = useNavigate();
  const now = useNow();
  const { view: shown } = useConsole();
  const { usage, history } = shown.server;
  const beside = { pipeline: usage.pipeline, recent: history, losses: lossHistory(), now };
  const rows = edgeRows(view, beside);
  const troubles = fleetTroubles(view, now);
  const height = HEAD + Math.min(rows.length, ROWS_SHOWN) * (ROW + 1);
  const open = ({ edge: { name } }: EdgeRow) =>
    void navigate({
      to: "/fleet",
      search: addressWith(search, { edge: search.edge === name ? undefined : name }),
    });
  return (
    <>
      <div className="fleet-table" style={{ height }} data-testid="fleet-edges">
        <DataTable
          label="Edges"
          columns={edgeColumns(now)}
          rows={rows}
          rowKey={({ edge }) => edge.name}
          rowHeight={ROW}
          onOpen={open}
          selected={opened}
          tone={toneOf}
          copy={copyOf}
        />
      </div>
      <Troubles troubles={troubles} />
    </>
  );
}

function toneOf({ edge, canary, servers }: EdgeRow): string | undefined {
  if (edge.state === "unreachable" || canary.status === "down") return "bad";
  const isOff = edge.state === "behind" || canary.status === "config-needed" || servers.down > 0;
  return isOff ? "warn" : undefined;
}

function copyOf({ edge, tookMs }: EdgeRow): string {
  const { name, servers, state, version } = edge;
  const took = tookMs === null ? "" : `, took ${formatDuration(tookMs)}`;
  return `${name} (${servers.join(", ")}): ${STANDINGS[state].word}, v${formatCount(version ?? null)}${took}`;
}
