import { ChartTable, formatCount, formatMinute } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Loaded } from "../../parts/Pane";
import { useSize } from "../parts/useSize";
import { heatQuery } from "../queries";
import { lastHour } from "../span";
import { HeatMap } from "./HeatMap";
import { bandWords, type Heat, heatOf } from "./heat";
import type { Phase } from "./phases";

/** One phase over the hour: requests by minute and band of time. */
export function HeatPart({ minute, phase }: { minute: number; phase: Phase }) {
  const query = useQuery(heatQuery(minute, phase.key));
  const [ref, size] = useSize<HTMLDivElement>();
  const { data } = query;
  // The answer of the minute before stays until the next comes: it is drawn over its own hour.
  const heat = useMemo(() => {
    if (data === undefined) return null;
    return heatOf(data, { from: Date.parse(data.from), to: lastHour(minute).to });
  }, [data, minute]);
  const current = data?.phase === phase.key ? heat : null;
  return (
    <>
      <div className="heat-head">
        <h3>{phase.code} over the hour</h3>
        <span className="text-ink-3">
          a column a minute · stronger = more requests
          {current && (
            <ChartTable
              caption={`${phase.code} over the hour, requests by minute`}
              columns={["Minute", ...current.bands.map(bandWords)]}
              rows={() => <HeatRows heat={current} />}
            />
          )}
        </span>
      </div>
      <div ref={ref} className="overview-fill" data-testid="heat">
        <Loaded query={query} what="The heat map" rows={2}>
          {() => current && size.height > 0 && <HeatMap heat={current} phase={phase} {...size} />}
        </Loaded>
      </div>
    </>
  );
}

function HeatRows({ heat: { columns } }: { heat: Heat }) {
  return columns.toReversed().map(({ start, counts }) => (
    <tr key={start}>
      <th scope="row">{formatMinute(start)}</th>
      {counts === null ? (
        <td>no data yet</td>
      ) : (
        counts.map((count, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a band is known by its place
          <td key={at} className="number">
            {formatCount(count)}
          </td>
        ))
      )}
    </tr>
  ));
}
