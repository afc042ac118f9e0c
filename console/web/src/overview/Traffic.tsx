import {
  ClassLegend,
  explain,
  Failed,
  formatClock,
  Segmented,
  sumCounts,
  TrafficChart,
  type Usage,
  UsageChart,
} from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { bucketsOf } from "../app/buckets";
import { useLive } from "../app/live";
import { useLastError } from "../app/useLastError";
import { Section } from "../shell/Section";
import { NoRequestsYet } from "./NoRequestsYet";
import { TRAFFIC_STEPS, trafficQuery } from "./queries";
import type { TrafficRange } from "./search";
import { ChartShapes } from "./shapes";

const route = getRouteApi("/");

type Shown = "60m" | TrafficRange;

const RANGES: readonly { value: Shown; label: string }[] = [
  { value: "60m", label: "60 min" },
  { value: "24h", label: "24 h" },
  { value: "24h-hours", label: "24 h by hour" },
];

const TITLES: Record<Shown, string> = {
  "60m": "Traffic, last 60 minutes",
  "24h": "Traffic, last 24 hours",
  "24h-hours": "Traffic, last 24 hours by hour",
};

/** Requests by class: the last hour live, or the last day. */
export function Traffic() {
  const { traffic } = route.useSearch();
  const navigate = route.useNavigate();
  const shown: Shown = traffic ?? "60m";
  const choose = (value: Shown) =>
    void navigate({
      search: value === "60m" ? {} : { traffic: value },
      replace: true,
      resetScroll: false,
    });
  return (
    <Section
      title={TITLES[shown]}
      note={<Segmented label="Range" value={shown} onChange={choose} options={RANGES} />}
    >
      {traffic === undefined ? <LastHour /> : <LastDay range={traffic} />}
    </Section>
  );
}

function LastHour() {
  const { view, retry } = useLive();
  const { state, connection, now } = view;
  if (state.usage !== null) return <LiveChart usage={state.usage} now={now} />;
  if (connection.phase !== "retrying") return <ChartShapes />;
  return (
    <Failed
      what="Live traffic did not load"
      problem={connection.problem}
      unaffected="This page tries again by itself."
      onRetry={retry}
    />
  );
}

function LiveChart({ usage, now }: { usage: Usage; now: number }) {
  const lastHour = sumCounts(usage.minutes.map(({ counts }) => counts));
  if (usage.counts.requests === 0 && lastHour.requests === 0) return <NoRequestsYet />;
  return (
    <TrafficChart
      minutes={usage.minutes}
      completeTo={usage.completeTo}
      now={now}
      whole={lastHour.requests === usage.counts.requests}
      legend={<ClassLegend counts={lastHour} />}
    />
  );
}

function LastDay({ range }: { range: TrafficRange }) {
  const { view } = useLive();
  const navigate = useNavigate();
  const query = useQuery(trafficQuery(range, view.now));
  const error = useLastError(query);
  const { data, dataUpdatedAt, refetch } = query;
  return (
    <>
      {error && (
        <Failed
          what="Traffic did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
          {...(data && { shownFrom: formatClock(dataUpdatedAt) })}
        />
      )}
      {!data && !error && <ChartShapes />}
      {data && (
        <div data-kept={error !== null}>
          <UsageChart
            points={bucketsOf(data, TRAFFIC_STEPS[range].ms)}
            label={range === "24h" ? "15 minutes" : "Hour"}
            legend={<ClassLegend counts={data.counts} />}
            onOpen={(start) => void navigate({ to: "/usage", search: { hour: hourOf(start) } })}
          />
        </div>
      )}
    </>
  );
}

/** "2026-11-19T14": the hour whose requests the usage page opens. */
function hourOf(start: number): string {
  return new Date(start).toISOString().slice(0, 13);
}
