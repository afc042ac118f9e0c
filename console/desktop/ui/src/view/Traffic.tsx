import { CLASSES, Swatch, sumCounts, TrafficChart, type Usage } from "@suiftly/ui";
import { useChartHeight } from "./useChartHeight";

export function Traffic({ usage, now }: { usage: Usage | null; now: number }) {
  const height = useChartHeight();
  return (
    <section className="pane" aria-labelledby="traffic-title">
      <header className="pane-head">
        <h2 id="traffic-title">Lines by class, last hour</h2>
        <ul className="class-words">
          {CLASSES.map(({ key, word }) => (
            <li key={key}>
              <Swatch of={key} />
              {word}
            </li>
          ))}
          <li className="text-ink-3">lines a minute</li>
        </ul>
      </header>
      {usage === null ? (
        <div className="skeleton chart-shape" style={{ height }} />
      ) : (
        <TrafficChart
          minutes={usage.minutes}
          completeTo={usage.completeTo}
          now={now}
          height={height}
          whole={allOf(usage)}
          legend={null}
        />
      )}
    </section>
  );
}

function allOf({ minutes, counts }: Usage): boolean {
  return sumCounts(minutes.map((minute) => minute.counts)).requests === counts.requests;
}
