// From a spike to the cells that make it, to their lines, to one request and its place in the bill: on one screen.
import { useQuery } from "@tanstack/react-query";
import { PanePage } from "../parts/Page";
import { CellsPane } from "./CellsPane";
import "./drill.css";
import { LinesPane } from "./LinesPane";
import { chosenPlace, placeText } from "./lines/place";
import { lineQuery } from "./query/lines";
import { RequestPanes } from "./request/RequestPanes";
import { SpanFacts } from "./SpanFacts";
import { SpikePane } from "./SpikePane";
import { useDrill } from "./useDrill";
import { useLines } from "./useLines";

export function Drill() {
  const drill = useDrill();
  const lines = useLines(drill);
  const place = chosenPlace(drill.search);
  const known = lines.rows.find((row) => placeText(row) === place);
  const asked = useQuery({ ...lineQuery(drill.search), enabled: place !== null && !known });
  const chosen = place === null ? lines.rows[0] : (known ?? asked.data ?? undefined);
  return (
    <PanePage className="drill">
      <SpikePane drill={drill} />
      <SpanFacts drill={drill} />
      <CellsPane drill={drill} />
      <LinesPane drill={drill} lines={lines} />
      <RequestPanes
        line={chosen ?? null}
        gone={place !== null && !known && asked.data === null}
        loading={place === null ? lines.query.isLoading : asked.isLoading}
      />
    </PanePage>
  );
}
