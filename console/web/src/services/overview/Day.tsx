import { Count, explain, Failed, formatShare, Known, Skeleton, Unit } from "@suiftly/ui";
import type { ServiceView, Summary } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useLastError } from "../../app/useLastError";
import { Section } from "../../shell/Section";
import { dayQuery } from "../queries";
import { LiveSpark } from "./LiveSpark";

/** The last 24 hours in three figures, and the last hour as it goes on. */
export function Day({ service: { service } }: { service: ServiceView }) {
  const query = useQuery(dayQuery(service));
  const error = useLastError(query);
  const { data, refetch } = query;
  return (
    <Section
      title="Last 24 hours"
      note={
        <Link to="/services/$service/stats" params={{ service }} className="link">
          See it over time
        </Link>
      }
    >
      {error !== null && (
        <Failed
          what="Usage did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
          unaffected="Requests are served and counted as before."
        />
      )}
      {data === undefined && error === null && <Skeleton className="h-15" />}
      {data && (
        <div data-stale={error !== null}>
          <Figures day={data} />
        </div>
      )}
      {data && data.counts.requests === 0 && (
        <p className="mt-3.5 max-w-115 text-13 text-ink-2">
          No requests yet. The first one is here within seconds of reaching a gateway.
        </p>
      )}
      {data && data.counts.requests > 0 && <LiveSpark service={service} />}
    </Section>
  );
}

function Figures({ day: { counts, time_ms } }: { day: Summary }) {
  return (
    <dl className="service-facts">
      <Fact term="Requests">
        <Count value={counts.requests} />
      </Fact>
      <Fact term="Success">
        <Known text={formatShare(counts.guaranteed + counts.burst, counts.requests)} />
      </Fact>
      <Fact term="p95">
        <Count value={time_ms ? Math.round(time_ms.p95) : null} />
        {time_ms && <Unit>ms</Unit>}
      </Fact>
    </dl>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt className="label">{term}</dt>
      <dd className="figure">{children}</dd>
    </div>
  );
}
