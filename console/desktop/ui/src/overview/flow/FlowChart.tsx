import { formatCount, formatShare } from "@suiftly/ui";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import type { DrillSearch } from "../../app/search";
import { placeSearch } from "../places";
import { rfc3339, type Span } from "../span";
import { FlowMarks, type Ppm } from "./FlowMarks";
import { FlowTip } from "./FlowTip";
import type { Flow } from "./flow";
import { type PlacedNode, place, type Ribbon } from "./layout";
import { lanesOf, move, type Picked } from "./pick";
import { rateWords } from "./words";

/** Room for labels left of the networks and right of the backends. */
const LEFT = 96;
const RIGHT = 196;
/** The servers stand a little left of the middle: their names are right of them. */
const MIDDLE = 0.45;

interface FlowChartProps {
  flow: Flow;
  seconds: number;
  width: number;
  height: number;
  ppm: Ppm;
  /** What the drill is opened at. */
  span: Span;
}

/** Ribbons by volume. The pointer and the arrow keys read them; a click or Enter opens what is behind one. */
export function FlowChart({ flow, seconds, width, height, ppm, span }: FlowChartProps) {
  const summaryId = useId();
  const navigate = useNavigate();
  const [picked, setPicked] = useState<Picked>(null);
  const placed = useMemo(
    () =>
      place(flow, height, [
        LEFT,
        Math.round(LEFT + (width - LEFT - RIGHT) * MIDDLE),
        width - RIGHT,
      ]),
    [flow, width, height],
  );
  const lanes = useMemo(() => lanesOf(placed), [placed]);
  const names = useMemo(() => new Map(flow.nodes.map(({ key, label }) => [key, label])), [flow]);
  const found = [...placed.nodes, ...placed.ribbons].find(({ key }) => key === picked);
  const open = (of: PlacedNode | Ribbon) => {
    const search: DrillSearch = {
      measure: "requests",
      from: rfc3339(span.from),
      to: rfc3339(span.to),
      ...placeSearch(of.group),
    };
    void navigate({ to: "/drill", search });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && found) open(found);
    else {
      const to = move(lanes, found ? picked : null, event.key);
      if (to === undefined) return;
      setPicked(to);
    }
    event.preventDefault();
  };
  const nameOf = (of: PlacedNode | Ribbon) =>
    "label" in of ? of.label : `${names.get(of.from)} to ${names.get(of.to)}`;
  const keys = lanes.flat();
  return (
    <div
      className="chart chart-plot flow-chart"
      data-opens="true"
      role="slider"
      tabIndex={0}
      aria-label="Where lines go"
      aria-describedby={summaryId}
      aria-valuemin={0}
      aria-valuemax={keys.length}
      aria-valuenow={picked === null ? 0 : keys.indexOf(picked) + 1}
      aria-valuetext={
        found ? `${nameOf(found)}, ${rateWords(found.requests, seconds)} lines a second` : "all"
      }
      onKeyDown={onKeyDown}
      onPointerLeave={() => setPicked(null)}
      onBlur={() => setPicked(null)}
    >
      <p id={summaryId} className="visually-hidden">
        {summary(flow, seconds)}
      </p>
      <FlowMarks
        {...{ placed, seconds, width, height, ppm, picked }}
        onPick={setPicked}
        onOpen={open}
      />
      {found && (
        <FlowTip of={found} name={nameOf(found)} {...{ flow, seconds, width, height, ppm }} />
      )}
    </div>
  );
}

function summary(flow: Flow, seconds: number): string {
  const backends = flow.nodes.filter(({ column }) => column === 2);
  const largest = backends.toSorted((a, b) => b.requests - a.requests)[0];
  const hot = backends.filter(({ isHot }) => isHot).map(({ label }) => label);
  return [
    `${rateWords(flow.requests, seconds)} lines a second, ${formatCount(flow.requests)} in the last 5 minutes.`,
    largest && `Most go to ${largest.label}, ${formatShare(largest.requests, flow.requests)}.`,
    hot.length === 0 ? "No backend stands out." : `${hot.join(", ")} stand out.`,
    "Arrow keys read each, Enter opens it.",
  ]
    .filter((words) => words !== undefined)
    .join(" ");
}
