import { explain, Failed, Kbd, Segmented } from "@suiftly/ui";
import { NO_LINE } from "./lines/place";
import { MEASURES } from "./measure";
import { SpikeChart } from "./SpikeChart";
import { Step } from "./Step";
import { addressOf, type Drilling } from "./useDrill";
import { useSpanKeys } from "./useSpanKeys";
import { RANGES, type RangeKey, type Span } from "./window";

const BUCKETS = { minute: "a minute", five_minutes: "in five minutes", hour: "an hour" } as const;

export function SpikePane({ drill }: { drill: Drilling }) {
  const { measure, window, whole, bars, span, range, asked, go } = drill;
  const choose = (next: Span) => go({ ...addressOf(next), ...NO_LINE });
  useSpanKeys(span, window, choose);
  const slow = measure.key === "slow" ? `, ≥ ${asked.slowMs} ms,` : "";
  return (
    <section className="pane drill-spike" aria-label="Spike">
      <header className="pane-head">
        <h2>
          <Step number={1} />
          Spike
          <span className="drill-aside">
            {measure.word.toLowerCase()}
            {slow} {BUCKETS[window.bucket]}
          </span>
        </h2>
        <div className="drill-acts">
          <span className="drill-hint">
            drag to choose a span <Kbd>←</Kbd> <Kbd>→</Kbd> to move it, with <Kbd>Shift</Kbd> to
            widen
          </span>
          <Segmented
            label="Measure"
            value={measure.key}
            onChange={(key) => go({ measure: key, from: undefined, to: undefined, ...NO_LINE })}
            options={MEASURES.map(({ key, short }) => ({ value: key, label: short }))}
          />
          <Segmented
            label="Time shown"
            value={range}
            onChange={(key: RangeKey) => go({ range: key, from: undefined, to: undefined })}
            options={RANGES.map(({ key, word }) => ({ value: key, label: word }))}
          />
        </div>
      </header>
      {whole.error !== null && (
        <Failed
          what="The bars did not load"
          problem={explain(whole.error)}
          onRetry={() => void whole.refetch()}
        />
      )}
      {whole.data === undefined ? (
        whole.error === null && <div className="skeleton drill-chart-shape" />
      ) : (
        <SpikeChart
          bars={bars}
          window={window}
          span={span}
          measure={measure.key}
          word={measure.word}
          onSpan={choose}
        />
      )}
    </section>
  );
}
