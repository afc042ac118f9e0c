import { ClassLegend, freshness, type LiveView, sumCounts, TrafficChart } from "@suiftly/ui";
import { Guard } from "../shell/Guard";
import { Page } from "../shell/Page";
import { Section } from "../shell/Section";
import { ClassTable } from "./ClassTable";
import { Condition } from "./Condition";
import { Failed } from "./Failed";
import { Hero } from "./Hero";
import { NoRequestsYet } from "./NoRequestsYet";
import { OverviewShapes } from "./OverviewShapes";

interface OverviewProps {
  view: LiveView;
  retry: () => void;
}

/** What has been spent and used this month, and what is happening now. */
export function Overview({ view, retry }: OverviewProps) {
  const { state, connection, now } = view;
  const { usage } = state;
  if (usage === null) {
    if (connection.phase !== "retrying") return <OverviewShapes />;
    return <Failed connection={connection} retry={retry} />;
  }
  const stale = freshness(usage.completeTo, now).level === "stale";
  const lastHour = sumCounts(usage.minutes.map(({ counts }) => counts));
  return (
    <Page stale={stale}>
      <Condition completeTo={usage.completeTo} now={now} connection={connection} retry={retry} />
      <Guard what="This month">
        <Hero usage={usage} lastHour={lastHour} stale={stale} />
      </Guard>
      {usage.counts.requests === 0 && lastHour.requests === 0 ? (
        <NoRequestsYet />
      ) : (
        <>
          <Section title="Traffic, last 60 minutes" note="Requests in each minute, UTC">
            <TrafficChart
              minutes={usage.minutes}
              completeTo={usage.completeTo}
              now={now}
              whole={lastHour.requests === usage.counts.requests}
              legend={<ClassLegend counts={lastHour} />}
            />
          </Section>
          <ClassTable usage={usage} />
        </>
      )}
    </Page>
  );
}
