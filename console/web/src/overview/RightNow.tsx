import {
  arrivalRate,
  arrivalsPerSecond,
  formatRate,
  Known,
  Spark,
  Unit,
  type Usage,
} from "@suiftly/ui";
import { Fact } from "./figures";

/** How fast requests arrive, and how that went in the last minute. */
export function RightNow({ usage, stale }: { usage: Usage | null; stale: boolean }) {
  // A rate that has stopped says nothing about now.
  const arrivals = usage === null || stale ? [] : usage.arrivals;
  return (
    <Fact
      term="Right now"
      note="Mean of the last 5 seconds"
      aside={
        <span className="hidden roomy:block">
          <Spark values={arrivalsPerSecond(arrivals)} capacity={60} width={96} height={28} />
        </span>
      }
    >
      <Known text={formatRate(arrivalRate(arrivals))} />
      <span className="text-13">
        <Unit>requests / s</Unit>
      </span>
    </Fact>
  );
}
