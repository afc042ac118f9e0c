import { formatMoment } from "@suiftly/ui";
import { type KeyboardEvent, useRef, useState } from "react";
import { useBoxWidth } from "../fleet/useBoxWidth";
import type { Happening } from "./events";
import { FOOT, LANE, LANE_KEYS, LEFT, layoutOf } from "./layout";
import { MarkCard } from "./MarkCard";
import { Lanes } from "./Marks";
import { MetricLines } from "./MetricLines";
import { type Mark, markAt, marksOf, markWith, middleOf, nearest } from "./marks";
import { type Metrics, sayAll } from "./metrics";
import { type Span, timesOf } from "./span";
import { type Part, useCrosshair } from "./useCrosshair";

interface TimelineProps {
  span: Span;
  events: readonly Happening[];
  metrics: Metrics;
  now: number;
  /** The part that was chosen. */
  part: Part | null;
  onPart: (part: Part | null) => void;
  /** The event whose mark is open. */
  opened: string | undefined;
  onOpen: (id: string | undefined) => void;
}

/** What happened above what was measured, on one axis of time. */
export function Timeline(props: TimelineProps) {
  const { span, events, metrics, now, part, onPart, onOpen } = props;
  const [ref, width] = useBoxWidth<HTMLDivElement>();
  const [byKey, setByKey] = useState(false);
  const plot = useRef<HTMLDivElement>(null);
  const layout = layoutOf(span, width, metrics.of.length);
  const marks = marksOf(events, layout.x);
  const opened = markWith(marks, props.opened);
  const open = (mark: Mark | null, isKey: boolean) => {
    // A card that is about to go takes no focus.
    setByKey(isKey && mark !== null);
    onOpen(mark?.events[0]?.id);
  };
  const { at, setAt, pointer, onKey } = useCrosshair({
    span,
    layout,
    part,
    onPart: (chosen) => {
      if (chosen !== null && opened !== null) open(null, false);
      onPart(chosen);
    },
    onPress: (x, y) => open(markAt(marks, LANE_KEYS[Math.floor(y / LANE)], x), false),
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      const mark = nearest(marks, layout.x(at ?? span.to));
      if (mark !== null) setAt(layout.timeAt(middleOf(mark)));
      open(mark, true);
    } else if (event.key === "Escape" && opened !== null) open(null, true);
    else if (!onKey(event)) return;
    event.preventDefault();
  };
  const close = () => {
    open(null, true);
    plot.current?.focus();
  };
  const last = timesOf(span).length - 1;
  const bucket = at === null ? null : Math.min(last, Math.floor((at - span.from) / span.step));
  const said =
    at === null || bucket === null
      ? null
      : `${formatMoment(at, span.to)} · ${sayAll(metrics, bucket)}`;
  return (
    <div ref={ref} className="timeline">
      <div
        ref={plot}
        className="chart chart-plot timeline-plot"
        role="slider"
        tabIndex={0}
        aria-label="What happened, beside what was measured"
        aria-valuemin={span.from}
        aria-valuemax={span.to}
        aria-valuenow={at ?? span.to}
        aria-valuetext={said ?? "now"}
        data-testid="timeline"
        onKeyDown={onKeyDown}
        {...pointer}
      >
        <svg width={width} height={layout.height} aria-hidden="true">
          <Lanes marks={marks} opened={opened} layout={layout} />
          <MetricLines metrics={metrics} span={span} layout={layout} />
          {part && (
            <rect
              className="timeline-part"
              x={layout.x(part[0])}
              y={0}
              width={layout.x(part[1]) - layout.x(part[0])}
              height={layout.height - FOOT}
            />
          )}
          {at !== null && (
            <path d={`M${layout.x(at)} 0V${layout.height - FOOT}`} stroke="var(--ink)" />
          )}
          <text x={LEFT} y={layout.height - 4}>
            {formatMoment(span.from, span.to)}
          </text>
          <text x={layout.end} y={layout.height - 4} textAnchor="end">
            {span.range === null ? formatMoment(span.to, span.to) : "now"}
          </text>
        </svg>
      </div>
      {opened !== null && (
        <MarkCard
          key={opened.events.at(-1)?.id}
          mark={opened}
          layout={layout}
          now={now}
          takesFocus={byKey}
          onClose={close}
        />
      )}
      <p className="timeline-said">
        {said ??
          "← → or the pointer reads a time, a drag or Shift chooses a part, Enter opens a mark."}
      </p>
    </div>
  );
}
