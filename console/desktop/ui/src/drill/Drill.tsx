// From a spike to the cells that make it, to their lines, to one request and its place in the bill: on one screen.
import { useQuery } from "@tanstack/react-query";
import { PanePage } from "../parts/Page";
import { CellsPane } from "./CellsPane";
import "./drill.css";
import { LinesPane } from "./LinesPane";
import { lineQuery } from "./query/lines";
import { RequestPanes } from "./request/RequestPanes";
import { SpanFacts } from "./SpanFacts";
import { SpikePane } from "./SpikePane";
import { useDrill } from "./useDrill";
import { useLines } from "./useLines";

export function Drill() {
  const drill = useDrill();
  const lines = useLines(drill);
  const { at, line } = drill.search;
  const known = lines.rows.find(({ journal_offset }) => journal_offset === line);
  const asked = useQuery({ ...lineQuery(at, line), enabled: line !== undefined && !known });
  const chosen = line === undefined ? lines.rows[0] : (known ?? asked.data ?? undefined);
  return (
    <PanePage className="drill">
      <SpikePane drill={drill} />
      <SpanFacts drill={drill} />
      <CellsPane drill={drill} />
      <LinesPane drill={drill} lines={lines} />
      <RequestPanes
        line={chosen ?? null}
        gone={line !== undefined && !known && asked.data === null}
        loading={line === undefined ? lines.query.isLoading : asked.isLoading}
      />
    </PanePage>
  );
}
