import { Count, formatCount, formatShare } from "@suiftly/ui";
import { formatPpm } from "../../model/format";
import type { Ppm } from "./FlowMarks";
import type { Flow } from "./flow";
import type { PlacedNode, Ribbon } from "./layout";
import { millisWords, rateWords } from "./words";

const WIDTH = 212;
const HEIGHT = 132;
const AWAY = 14;

interface FlowTipProps {
  of: PlacedNode | Ribbon;
  name: string;
  flow: Flow;
  seconds: number;
  width: number;
  height: number;
  ppm: Ppm;
}

/** The figures of a node or a ribbon, beside it. */
export function FlowTip({ of, name, flow, seconds, width, height, ppm }: FlowTipProps) {
  const isNode = "label" in of;
  const middle = isNode ? of.y + of.height / 2 : of.y;
  const left = of.x > width / 2 ? of.x - AWAY - WIDTH : of.x + AWAY;
  const top = Math.max(-HEIGHT / 2, Math.min(height - HEIGHT, middle - HEIGHT / 2));
  const loss = isNode && of.column === 1 ? ppm.get(of.group.server_id ?? Number.NaN) : undefined;
  return (
    <div className="tip" style={{ left: Math.max(0, Math.min(width - WIDTH, left)), top }}>
      <header>
        <b>{name}</b>
      </header>
      <dl>
        <dt>Lines / s</dt>
        <dd>{rateWords(of.requests, seconds)}</dd>
        <dt>In the last 5 min</dt>
        <dd>
          <Count value={of.requests} />
        </dd>
        <dt>Of all</dt>
        <dd>{formatShare(of.requests, flow.requests)}</dd>
        <dt>Failed</dt>
        <dd>
          {formatCount(of.failed)}
          {of.failed > 0 && ` · ${formatShare(of.failed, of.requests)}`}
        </dd>
        {loss !== undefined && (
          <>
            <dt>Lost lines</dt>
            <dd>{formatPpm(loss)} ppm</dd>
          </>
        )}
        {isNode && of.p99 !== null && (
          <>
            <dt>Tr p99</dt>
            <dd>{millisWords(of.p99)}</dd>
          </>
        )}
      </dl>
    </div>
  );
}
