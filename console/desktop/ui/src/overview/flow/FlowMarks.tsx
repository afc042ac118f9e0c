import { formatCount } from "@suiftly/ui";
import { memo } from "react";
import { formatPpm } from "../../model/format";
import { NODE_WIDTH, type Placed, type PlacedNode, type Ribbon } from "./layout";
import type { Picked } from "./pick";
import { millisWords, rateWords } from "./words";

/** Lost lines in millionths, by server. */
export type Ppm = ReadonlyMap<number, number>;

interface FlowMarksProps {
  placed: Placed;
  seconds: number;
  width: number;
  height: number;
  ppm: Ppm;
  picked: Picked;
  onPick: (key: Picked) => void;
  onOpen: (of: PlacedNode | Ribbon) => void;
}

/** A hot ribbon thinner than this is drawn as a line: it must not be missed. */
const LEAST_HOT = 3;

export const FlowMarks = memo(function FlowMarks(props: FlowMarksProps) {
  const { placed, width, height, picked, onPick, onOpen } = props;
  const ribbons = placed.ribbons.toSorted((a, b) => Number(a.isHot) - Number(b.isHot));
  return (
    <svg width={width} height={height} aria-hidden="true">
      {ribbons.map((ribbon) => {
        const asLine = ribbon.isHot && ribbon.thickness < LEAST_HOT;
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the chart around it has the focus and the keys
          <path
            key={ribbon.key}
            className={asLine ? "flow-line" : "flow-ribbon"}
            d={asLine ? ribbon.line : ribbon.path}
            data-hot={ribbon.isHot}
            data-picked={isPicked(ribbon, picked)}
            data-testid="flow-ribbon"
            data-value={ribbon.key}
            onPointerEnter={() => onPick(ribbon.key)}
            onClick={() => onOpen(ribbon)}
          />
        );
      })}
      {placed.nodes.map((node) => (
        <Node key={node.key} node={node} {...props} />
      ))}
    </svg>
  );
});

/** With a node all that flows through it is picked. */
function isPicked({ key, from, to }: Ribbon, picked: Picked): boolean {
  return picked === key || picked === from || picked === to;
}

function Node({ node, onPick, onOpen, ...rest }: FlowMarksProps & { node: PlacedNode }) {
  const { x, y, height } = node;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the chart around it has the focus and the keys
    <g
      className="flow-node"
      data-hot={node.isHot}
      data-testid="flow-node"
      data-value={node.key}
      onPointerEnter={() => onPick(node.key)}
      onClick={() => onOpen(node)}
    >
      <rect className="flow-hit" x={x - 4} y={y} width={NODE_WIDTH + 8} height={height} />
      <rect className="flow-bar" x={x} y={y} width={NODE_WIDTH} height={Math.max(1, height)} />
      <Labels node={node} {...rest} />
    </g>
  );
}

type LabelsProps = Pick<FlowMarksProps, "seconds" | "width" | "ppm"> & { node: PlacedNode };

/** Two lines have room beside a node of this height. */
const TWO_LINES = 30;
const BASELINE = 4;
const LINE = 14;

function Labels({ node, seconds, width, ppm }: LabelsProps) {
  const { x, y, height, label, requests, p99, column, isHot, group } = node;
  const middle = y + height / 2 + BASELINE;
  const rate = rateWords(requests, seconds);
  const right = x + NODE_WIDTH + 7;
  if (column === 0) {
    const two = height >= TWO_LINES;
    return (
      <>
        <text x={x - 8} y={two ? middle - LINE / 2 : middle} textAnchor="end" data-key="true">
          {label}
        </text>
        <text
          x={two ? x - 8 : 0}
          y={two ? middle + LINE / 2 : middle}
          textAnchor={two ? "end" : "start"}
        >
          {rate}
        </text>
      </>
    );
  }
  const loss = column === 1 ? ppm.get(group.server_id ?? Number.NaN) : undefined;
  const aside = column === 2 && p99 !== null ? millisWords(p99) : null;
  return (
    <>
      <text x={x - 6} y={middle} textAnchor="end">
        {rate}
      </text>
      <text x={right} y={middle} data-key="true">
        {label}
        {loss !== undefined && (
          <tspan className="flow-aside" dx={8}>
            {formatPpm(loss)} ppm
          </tspan>
        )}
      </text>
      {aside !== null && (
        <text x={width} y={middle} textAnchor="end" data-key={isHot}>
          {aside}
        </text>
      )}
      {column === 2 && aside === null && node.failed > 0 && (
        <text x={width} y={middle} textAnchor="end" data-key={isHot}>
          {formatCount(node.failed)} failed
        </text>
      )}
    </>
  );
}
