import { Button, Copy, explain, Failed, formatMoment, Segmented } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useNow } from "../app/console";
import type { incidentsSearch } from "../app/search";
import { lossHistory } from "../fleet/lossKeeper";
import { Page } from "../parts/Page";
import { EventList } from "./EventList";
import { draft, within } from "./events";
import "./incidents.css";
import { LaneChoice } from "./LaneChoice";
import { MetricTable } from "./MetricTable";
import { metrics } from "./metrics";
import { infraIn, usageIn } from "./queries";
import { RANGES, spanOf } from "./span";
import { Timeline } from "./Timeline";
import type { Part } from "./useCrosshair";
import { useHappenings } from "./useHappenings";

const route = getRouteApi("/incidents");

type Search = ReturnType<typeof incidentsSearch>;

/** What happened, beside what was measured. */
export function Incidents() {
  const search = route.useSearch();
  const change = useChange();
  const now = useNow();
  const span = spanOf(search.from, search.to, now);
  const { all, failed, cutAt } = useHappenings(span);
  const [part, setPart] = useState<Part | null>(null);
  const [isTable, setIsTable] = useState(false);
  const infra = useQuery(infraIn(span));
  const usage = useQuery(usageIn(span));
  const measured = metrics(span, infra.data, usage.data, lossHistory());
  const [from, to] = part ?? [span.from, span.to];
  const rows = within(all, from, to).filter(
    ({ lane }) => search.kind === undefined || lane === search.kind,
  );
  const drill = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return (
    <Page
      title="Incidents"
      note={`${formatMoment(from, now)} to ${formatMoment(to, now)} · ${rows.length} events`}
      actions={
        <>
          <Segmented
            label="How long"
            value={span.range ?? "still"}
            onChange={(range) => {
              setPart(null);
              change({ from: range, to: undefined, event: undefined });
            }}
            options={Object.keys(RANGES).map((range) => ({ value: range, label: range.slice(1) }))}
          />
          <LaneChoice kind={search.kind} onChoose={(kind) => change({ kind })} />
          <Button onClick={() => setIsTable(!isTable)} data-testid="as-table">
            {isTable ? "Show as a chart" : "Show as a table"}
          </Button>
          <Link to="/drill" search={drill} className="btn">
            Drill
          </Link>
          <Copy text={draft(all, from, to)}>Copy as text</Copy>
        </>
      }
    >
      {failed.map(({ what, error, retry }) => (
        <Failed
          key={what}
          what={`${what} did not load`}
          problem={explain(error)}
          onRetry={retry}
          unaffected="The rest is shown."
        />
      ))}
      {cutAt !== null && (
        <p className="text-ink-3">
          Before {formatMoment(cutAt, now)} not everything was read: choose a shorter time.
        </p>
      )}
      {isTable ? (
        <MetricTable metrics={measured} span={span} />
      ) : (
        <Timeline
          span={span}
          events={within(all, span.from, span.to)}
          metrics={measured}
          now={now}
          part={part}
          onPart={setPart}
          opened={search.event}
          onOpen={(event) => change({ event })}
        />
      )}
      <EventList
        rows={rows}
        now={now}
        opened={search.event}
        onOpen={(event) => change({ event: event === search.event ? undefined : event })}
      />
    </Page>
  );
}

type Change = { readonly [K in keyof Search]?: Search[K] | undefined };

/** Changes parts of the address; those that are undefined are taken out of it. */
function useChange() {
  const navigate = useNavigate();
  return (parts: Change) =>
    void navigate({
      to: "/incidents",
      search: (was: Search) =>
        Object.fromEntries(
          Object.entries({ ...was, ...parts }).filter(([, value]) => value !== undefined),
        ),
      replace: true,
    });
}
