import {
  ClassLegend,
  explain,
  Failed,
  formatBytes,
  formatCount,
  formatRate,
  LineChart,
  Segmented,
  Skeleton,
  UsageChart,
} from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useLastError } from "../../app/useLastError";
import { Section } from "../../shell/Section";
import { TIMES_WITHIN } from "../../usage/words";
import { useService } from "../context";
import { seriesQuery } from "../queries";
import { RANGES } from "./search";
import { type Charted, charted } from "./series";

const route = getRouteApi("/services/$service/stats");
const RANGE_WORDS = { "24h": "24 h", "7d": "7 days", "30d": "30 days" } as const;

/** The service's traffic over time: by class, how long it took, how much was sent. */
export function Stats() {
  const { service } = useService();
  const { range = "24h" } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(seriesQuery(service, range));
  const error = useLastError(query);
  const { data, isPlaceholderData, refetch } = query;
  return (
    <div className="service-sections">
      <div className="stats-head">
        <Segmented
          label="Range"
          value={range}
          onChange={(to) =>
            void navigate({
              search: to === "24h" ? {} : { range: to },
              replace: true,
              resetScroll: false,
            })
          }
          options={RANGES.map((value) => ({ value, label: RANGE_WORDS[value] }))}
        />
        <Link to="/usage" search={{ service }} className="link text-13">
          More of it on the usage page
        </Link>
      </div>
      {error !== null && (
        <Failed
          what="Usage did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
          unaffected="Requests are served and counted as before."
        />
      )}
      {data === undefined && error === null && <Skeleton className="h-72" />}
      {data && (
        <div className="service-sections" data-stale={error !== null || isPlaceholderData}>
          <Charts series={charted(data)} />
        </div>
      )}
    </div>
  );
}

function Charts({ series }: { series: Charted }) {
  const { points, counts, times, live } = series;
  const bytes = formatBytes(counts.bytes_sent);
  return (
    <>
      <Section title="Requests" note={`${formatCount(counts.requests)} in all`}>
        <UsageChart points={points} label="Requests" legend={<ClassLegend counts={counts} />} />
      </Section>
      <Section
        title="Response time"
        note={<span title={TIMES_WITHIN}>Half of all requests are faster than p50</span>}
      >
        <LineChart
          label="Response time"
          times={times}
          series={[
            { key: "p50", label: "p50", values: series.p50, weight: "thin" },
            { key: "p95", label: "p95", values: series.p95, weight: "bold", area: true },
            { key: "p99", label: "p99", values: series.p99, weight: "dashed" },
          ]}
          format={(value) => formatCount(Math.round(value))}
          unit="ms"
          live={live}
        />
      </Section>
      <Section title="Bytes sent" note={`${bytes.value} ${bytes.unit} in all`}>
        <LineChart
          label="Bytes sent"
          times={times}
          series={[
            { key: "bytes", label: "Sent", values: series.bytes, weight: "bold", area: true },
          ]}
          format={formatRate}
          unit={series.bytesUnit}
          live={live}
        />
      </Section>
    </>
  );
}
