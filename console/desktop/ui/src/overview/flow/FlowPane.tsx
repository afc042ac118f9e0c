import { ChartTable, Empty, formatCount, formatShare, type Pipeline, UNKNOWN } from "@suiftly/ui";
import { memo, useMemo } from "react";
import { formatPpm } from "../../model/format";
import { Loaded, Pane } from "../../parts/Pane";
import { useSize } from "../parts/useSize";
import { recentSpan } from "../span";
import { FlowChart } from "./FlowChart";
import { roomFor } from "./layout";
import { ppmByServer } from "./loss";
import { type FlowNow, useFlow } from "./useFlow";
import { millisWords, rateWords } from "./words";
import "./flow.css";

interface FlowPaneProps {
  minute: number;
  loss: Pipeline["loss"] | null;
}

/** From networks through gateways to backends: by volume, with what is lost and how long it takes. */
export const FlowPane = memo(function FlowPane({ minute, loss }: FlowPaneProps) {
  const [ref, size] = useSize<HTMLDivElement>();
  const { query, now } = useFlow(minute, roomFor(size.height));
  const ppm = useMemo(() => ppmByServer(loss?.workers ?? []), [loss]);
  return (
    <Pane title="Where lines go" className="overview-flow" note={<Note now={now} ppm={ppm} />}>
      <div ref={ref} className="overview-fill" data-testid="flow">
        <Loaded query={query} what="Where lines go" rows={6}>
          {() =>
            now &&
            size.height > 0 &&
            (now.flow.requests === 0 ? (
              <NoLines />
            ) : (
              <FlowChart {...now} {...size} ppm={ppm} span={recentSpan(minute)} />
            ))
          }
        </Loaded>
      </div>
    </Pane>
  );
});

function NoLines() {
  return (
    <Empty title="No requests in the last 5 minutes">
      Requests appear here within a second of their lines.
    </Empty>
  );
}

function Note({ now, ppm }: { now: FlowNow | null; ppm: ReadonlyMap<number, number> }) {
  return (
    <>
      last 5 min · lines / s · loss in ppm by server · Tr p99 by backend
      {now && (
        <ChartTable
          caption="Where lines go, last 5 minutes"
          columns={["", "Requests", "Lines / s", "Share", "Failed", "Loss, ppm", "Tr p99"]}
          rows={() => <FlowRows {...now} ppm={ppm} />}
        />
      )}
    </>
  );
}

function FlowRows({ flow, seconds, ppm }: FlowNow & { ppm: ReadonlyMap<number, number> }) {
  const names = new Map(flow.nodes.map(({ key, label }) => [key, label]));
  const rows = [
    ...flow.nodes.map((node) => ({
      ...node,
      name: node.label,
      loss: node.column === 1 ? ppm.get(node.group.server_id ?? Number.NaN) : undefined,
    })),
    ...flow.links.map((link) => ({
      ...link,
      name: `${names.get(link.from)} to ${names.get(link.to)}`,
      loss: undefined,
      p99: null,
    })),
  ];
  return rows.map(({ key, name, requests, failed, loss, p99 }) => (
    <tr key={key}>
      <th scope="row">{name}</th>
      <td className="number">{formatCount(requests)}</td>
      <td className="number">{rateWords(requests, seconds)}</td>
      <td className="number">{formatShare(requests, flow.requests)}</td>
      <td className="number">{formatCount(failed)}</td>
      <td className="number">{loss === undefined ? UNKNOWN : formatPpm(loss)}</td>
      <td className="number">{millisWords(p99)}</td>
    </tr>
  ));
}
