import { formatMoment } from "@suiftly/ui";
import { type Metrics, say } from "./metrics";
import { type Span, timesOf } from "./span";

/** What was measured, in figures: the latest first. */
export function MetricTable({ metrics, span }: { metrics: Metrics; span: Span }) {
  const { of, filling } = metrics;
  const rows = timesOf(span)
    .map((start, at) => ({ start, at }))
    .toReversed();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and by keys too
    <section className="metric-table" aria-label="What was measured" tabIndex={0}>
      <table className="dense" data-testid="metric-table">
        <thead>
          <tr>
            <th scope="col">From, UTC</th>
            {of.map(({ key, word, unit }) => (
              <th key={key} scope="col" className="number">
                {unit === "" ? word : `${word}, ${unit}`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ start, at }) => (
            <tr key={start} data-filling={at === filling}>
              <th scope="row">
                {formatMoment(start, span.to)}
                {at === filling && " still fills"}
              </th>
              {of.map(({ key, values }) => (
                <td key={key} className="number">
                  {say(values[at], "")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
