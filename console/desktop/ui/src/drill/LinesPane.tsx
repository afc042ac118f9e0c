import { Empty, explain, Failed, formatCount, Segmented, SkeletonRows } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import { useCallback, useMemo, useState } from "react";
import { DataTable } from "../parts/DataTable";
import { useServerNames } from "../parts/ServerName";
import { LivePart } from "../tail/LivePart";
import { Gone } from "./CellsPane";
import { lineColumns } from "./lines/columns";
import { FilterBar } from "./lines/FilterBar";
import { chosenPlace, lineSearch, NO_LINE, placeText } from "./lines/place";
import { Tokens } from "./lines/Tokens";
import { isBad, lineText } from "./lines/tokens";
import { Step } from "./Step";
import { addressOf, type Drilling } from "./useDrill";
import type { Lines } from "./useLines";

type Mode = "held" | "live";

/** The lines of the span, or those that come. */
export function LinesPane({ drill, lines }: { drill: Drilling; lines: Lines }) {
  const [mode, setMode] = useState<Mode>("held");
  const { filter, implied, narrow } = drill;
  return (
    <section className="pane drill-lines" aria-label="Lines">
      <header className="pane-head">
        <h2>
          <Step number={3} />
          Lines
        </h2>
        <span className="pane-note">{mode === "held" ? countWords(lines) : "as they come"}</span>
      </header>
      <FilterBar
        filter={filter}
        implied={implied}
        onChange={(next) => narrow(next)}
        onEvery={() => narrow(filter, 1)}
      >
        <Segmented
          label="Lines"
          value={mode}
          onChange={(next: Mode) => setMode(next)}
          options={[
            { value: "held", label: "Held" },
            { value: "live", label: "Live" },
          ]}
        />
      </FilterBar>
      {mode === "live" ? <LivePart filter={lines.all} /> : <Held drill={drill} lines={lines} />}
    </section>
  );
}

function countWords({ rows, hasMore, records }: Lines): string {
  if (records === null) return "";
  const read = `${formatCount(rows.length)} read${hasMore ? ", more follow" : ", all of them"}`;
  return `${read} · newest of the span first`;
}

function Held({ drill, lines }: { drill: Drilling; lines: Lines }) {
  const { query, rows, readOn, records } = lines;
  const { search, go, span } = drill;
  const server = useServerNames();
  const columns = useMemo(() => lineColumns({ server, wide: false }), [server]);
  const chosen = chosenPlace(search);
  const first = rows[0];
  const below = useCallback(
    (line: RecordLine) => placeText(line) === chosen && <Tokens line={line} />,
    [chosen],
  );
  if (records === null && span !== null) return <Gone />;
  const open = (line: RecordLine) =>
    placeText(line) === chosen
      ? go(NO_LINE)
      : go({ ...NO_LINE, ...lineSearch(line), ...(span && addressOf(span)) });
  return (
    <>
      {query.error !== null && (
        <Failed
          what="Lines did not load"
          problem={explain(query.error)}
          onRetry={() => void query.refetch()}
        />
      )}
      {records?.cut && <p className="drill-said">{records.cut}</p>}
      {query.data === undefined ? (
        query.error === null && <SkeletonRows rows={6} />
      ) : (
        <div className="line-table" data-testid="drill-lines" data-kept={query.isPlaceholderData}>
          <DataTable
            label="Lines"
            columns={columns}
            rows={rows}
            rowKey={placeText}
            rowHeight={20}
            selected={chosen ?? (first ? placeText(first) : null)}
            onOpen={open}
            copy={lineText}
            tone={toneOf}
            onEnd={readOn}
            below={below}
            empty={
              <Empty title="No lines fit">
                Lines of the span that fit the filters stand here, the newest first.
              </Empty>
            }
          />
        </div>
      )}
    </>
  );
}

const toneOf = (line: RecordLine) => (isBad(line) ? undefined : "dim");
