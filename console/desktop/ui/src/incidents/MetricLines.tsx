import { CHART, type Layout, LEFT } from "./layout";
import { type Metric, type Metrics, say } from "./metrics";
import type { Span } from "./span";

interface MetricLinesProps {
  metrics: Metrics;
  span: Span;
  layout: Layout;
}

/** What was measured, a line each; the bucket that still fills is pale. */
export function MetricLines({ metrics: { of, filling }, span, layout }: MetricLinesProps) {
  return of.map((metric, row) => (
    <MetricLine
      key={metric.key}
      metric={metric}
      filling={filling}
      span={span}
      layout={layout}
      top={layout.topOf(row)}
    />
  ));
}

interface MetricLineProps {
  metric: Metric;
  filling: number | null;
  span: Span;
  layout: Layout;
  top: number;
}

function MetricLine({ metric, filling, span, layout, top }: MetricLineProps) {
  const { key, word, unit, values } = metric;
  const most = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  const y = (value: number) => top + CHART - (value / Math.max(1, most * 1.06)) * CHART;
  const pathOf = (shown: readonly (number | null)[]) =>
    lineThrough(shown, (at) => layout.x(span.from + (at + 0.5) * span.step), y);
  const whole = values.map((value, at) => (at === filling ? null : value));
  const pale = values.map((value, at) =>
    filling !== null && (at === filling || at === filling - 1) ? value : null,
  );
  return (
    <g data-testid={`metric-${key}`}>
      <text x={0} y={top + 14} data-key="true">
        {word}
      </text>
      <text x={0} y={top + 30}>
        {values.every((value) => value === null) ? "not known" : `most ${say(most, unit)}`}
      </text>
      <path d={`M${LEFT} ${top + CHART + 0.5}H${layout.end}`} stroke="var(--line-2)" />
      <path className="timeline-line" data-metric={key} d={pathOf(whole)} />
      <path className="timeline-line" data-metric={key} data-filling="true" d={pathOf(pale)} />
    </g>
  );
}

/** Broken where a value is not known; one alone is a dot. */
function lineThrough(
  values: readonly (number | null)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  values.forEach((value, at) => {
    if (value === null) return;
    const isFirst = (values[at - 1] ?? null) === null;
    path += `${isFirst ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}${isFirst ? "h0.01" : ""}`;
  });
  return path;
}
