import { Empty, Failed, formatMoment } from "@suiftly/ui";
import { getRouteApi, Link } from "@tanstack/react-router";
import { liveLevel, useLive } from "../app/live";
import { Page } from "../shell/Page";
import { Section } from "../shell/Section";
import { ClassTable } from "./ClassTable";
import { Figures } from "./Figures";
import { FilterBar } from "./FilterBar";
import { Measures } from "./Measures";
import { Rows } from "./Rows";
import type { UsageSearch } from "./search";
import { Traffic } from "./Traffic";
import { UsageShapes } from "./UsageShapes";
import { type Usage, type UsageState, useUsage } from "./useUsage";
import { rangeWords } from "./words";
import "./usage.css";

const route = getRouteApi("/usage");

/** What was asked of the services, what became of it, and what it comes to. */
export function UsagePage() {
  const search = route.useSearch();
  const state = useUsage(search);
  const { view } = useLive();
  const loading = state.usage === null && state.problem === null;
  return (
    <Page title="Usage" busy={loading} stale={liveLevel(view) === "stale"}>
      <FilterBar search={search} span={state.usage?.span} />
      {loading && <UsageShapes />}
      <Problem {...state} />
      {state.usage && (
        <div data-kept={state.problem !== null || state.usage.isOlder}>
          <Shown usage={state.usage} />
        </div>
      )}
    </Page>
  );
}

function Problem({ problem, usage, retry }: UsageState) {
  if (problem === null) return null;
  const read = usage && formatMoment(Date.parse(usage.read.complete_to), usage.now);
  return (
    <div className="mb-6">
      <Failed
        what="Usage did not load"
        problem={problem}
        onRetry={retry}
        unaffected="Your services and what they are billed are not affected."
        {...(read && { shownFrom: read })}
      />
    </div>
  );
}

function Shown({ usage }: { usage: Usage }) {
  const { search } = usage;
  if (usage.counts.requests === 0 && !usage.isOlder) return <NoRequests search={search} />;
  return (
    <>
      <Figures usage={usage} search={search} />
      <Traffic usage={usage} search={search} />
      <ClassTable counts={usage.counts} ratedMicroUsd={usage.read.rated_micro_usd} />
      <Measures usage={usage} />
      <Section title={ROW_TITLES[usage.span.rows.bucket]} note={<RowsNote usage={usage} />}>
        <Rows usage={usage} search={search} />
      </Section>
    </>
  );
}

const ROW_TITLES = {
  minute: "By minute",
  five_minutes: "By five minutes",
  hour: "By hour",
  day: "By day",
} as const;

function RowsNote({ usage }: { usage: Usage }) {
  return usage.span.rows.bucket === "day"
    ? "Times are UTC · a row opens its day"
    : "Times are UTC · a row opens the requests behind it";
}

function NoRequests({ search }: { search: UsageSearch }) {
  const filtered = search.service !== undefined || search.network !== undefined;
  return (
    <Empty
      title={`No requests ${rangeWords(search)}`}
      heading="h2"
      action={
        filtered ? (
          <Link
            to="/usage"
            search={{ ...(search.range && { range: search.range }) }}
            className="btn"
          >
            Show all services and networks
          </Link>
        ) : (
          <Link to="/keys" className="btn">
            Show the first call
          </Link>
        )
      }
    >
      {filtered
        ? "None of this service and network. What it answers appears here within a second."
        : "The first one appears here within a second of reaching a gateway."}
    </Empty>
  );
}
