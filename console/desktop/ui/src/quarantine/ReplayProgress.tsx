import { formatCount } from "@suiftly/ui";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { Loaded } from "../parts/Pane";
import { type Progress, progressOf, spanOf } from "./progress";
import { givenQuery } from "./queries";
import type { Given } from "./replay";

interface ReplayProgressProps {
  given: Given;
  onDone: () => void;
}

/** Follows the lines of one replay until each has become something, or was rejected again. */
export function ReplayProgress({ given, onDone }: ReplayProgressProps) {
  const query = useQuery(givenQuery(given));
  useListsAgain(query.data !== undefined && progressOf(query.data).underWay === 0);
  return (
    <Loaded query={query} what="What became of them" rows={1}>
      {(lines) => {
        const progress = progressOf(lines);
        const became = new Set(progress.recordOffsets);
        const times = [...given.times].filter(([offset]) => became.has(offset)).map(([, at]) => at);
        const received = lines.filter(({ offset }) => became.has(offset));
        const span = spanOf(times.length > 0 ? times : received.map((line) => line.received_at));
        return <Bars {...{ progress, span, onDone }} />;
      }}
    </Loaded>
  );
}

/** Once nothing is under way, the lists beside say so too: whoever is not told of the topic would wait for it. */
function useListsAgain(isOver: boolean) {
  const queries = useQueryClient();
  useEffect(() => {
    if (!isOver) return;
    for (const list of ["reasons", "lines", "line"]) {
      void queries.invalidateQueries({ queryKey: ["quarantine", list] });
    }
  }, [queries, isOver]);
}

interface BarsProps {
  progress: Progress;
  span: { from: string; to: string } | null;
  onDone: () => void;
}

function Bars({ progress, span, onDone }: BarsProps) {
  const { total, underWay, records, done, again } = progress;
  return (
    <div role="status" data-testid="progress" data-value={records}>
      <div className="progress-bar" aria-hidden="true">
        <i data-of="record" style={{ flexGrow: records }} />
        <i data-of="done" style={{ flexGrow: done }} />
        <i data-of="again" style={{ flexGrow: again }} />
        <i data-of="under-way" style={{ flexGrow: underWay }} />
      </div>
      <p className="tight-row">
        <span>
          <b>{formatCount(records)}</b> of {formatCount(total)} became records
          {done > 0 && `, ${formatCount(done)} were known or HAProxy’s own`}
          {again > 0 && `, ${formatCount(again)} were rejected again`}
          {underWay > 0 && `, ${formatCount(underWay)} under way`}.
        </span>
        {span !== null && (
          <Link to="/drill" search={span} data-testid="progress-drill">
            See them in the drill
          </Link>
        )}
        {underWay === 0 && (
          <button type="button" className="link rest" onClick={onDone}>
            Done
          </button>
        )}
      </p>
    </div>
  );
}
