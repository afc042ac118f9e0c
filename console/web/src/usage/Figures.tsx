import { Count, formatDay, formatMinute, formatShare, formatUsd, Unit } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { busiest } from "./busiest";
import { sumPoints } from "./points";
import { peaksQuery, summaryQuery } from "./queries";
import { DEFAULT_RANGE, type UsageSearch } from "./search";
import { spanBefore } from "./span";
import type { Usage } from "./useUsage";
import { BEFORE_WORDS, changeOf } from "./words";

interface FiguresProps {
  usage: Usage;
  search: UsageSearch;
}

/** The range in four figures. */
export function Figures({ usage, search }: FiguresProps) {
  const { counts, read } = usage;
  const served = counts.guaranteed + counts.burst;
  return (
    <dl className="usage-figures">
      <Figure label="Requests" value={<Count value={counts.requests} />}>
        <Change usage={usage} search={search} />
      </Figure>
      <Figure label="Success" value={formatShare(served, counts.requests)}>
        {formatShare(served, served + counts.server_error)} without your own limits and errors
      </Figure>
      <Figure label="Billable" value={<Count value={counts.billable_requests} />}>
        {read.rated_micro_usd === null
          ? "Costs are told by the hour"
          : `${formatUsd(read.rated_micro_usd, { digits: "all" })} of usage`}
      </Figure>
      <Busiest usage={usage} search={search} />
    </dl>
  );
}

function Figure(props: { label: string; value: ReactNode; children?: ReactNode }) {
  return (
    <div>
      <dt className="label">{props.label}</dt>
      <dd className="figure">{props.value}</dd>
      <dd className="usage-aside">{props.children}</dd>
    </div>
  );
}

/** Against as long before, the hours that have ended alone: one that fills would always be less. */
function Change({ usage, search }: FiguresProps) {
  const before = spanBefore(usage.span, usage.now);
  const { data } = useQuery(summaryQuery(before, search));
  if (before === null || data === undefined) return null;
  const ended = sumPoints(usage.points.filter(({ end }) => end <= before.until));
  const change = changeOf(ended.requests, data.counts.requests);
  if (change === null) return "None before to compare with";
  return `${change} ${BEFORE_WORDS[search.range ?? DEFAULT_RANGE]}`;
}

function Busiest({ usage, search }: FiguresProps) {
  const { data } = useQuery(peaksQuery(usage.span, usage.now, search));
  const peak = data && busiest(data, usage.span);
  const minute = peak?.of === "minute";
  return (
    <Figure
      label={minute || peak === undefined ? "Busiest minute" : "Busiest hour"}
      value={
        <>
          <Count value={peak ? peak.requests : null} />
          {peak && <Unit>{minute ? "/ min" : "/ h"}</Unit>}
        </>
      }
    >
      {peak && `${formatDay(peak.start)} ${formatMinute(peak.start)}`}
    </Figure>
  );
}
