import { ClassLegend, LineChart, PeakChart, sumCounts, UsageChart } from "@suiftly/ui";
import { useEffect, useState } from "react";
import { Shown } from "./Shown";
import { DAYS, DAYS_30, MINUTES, MONTH_HOURS, percentiles, QUARTERS, TIMES } from "./samples";

const LINES = percentiles();
const BYTES = [
  {
    key: "bytes",
    label: "",
    weight: "bold",
    values: QUARTERS.map(({ counts }) => counts.bytes_sent / 1_048_576),
  } as const,
];

export function Charts() {
  return (
    <>
      <Shown title="Requests, quarter hours" span={3}>
        <UsageChart
          points={QUARTERS}
          label="Quarter hour"
          onOpen={() => {}}
          legend={<ClassLegend counts={sumCounts(QUARTERS.map(({ counts }) => counts))} />}
        />
      </Shown>
      <Shown title="30 days by hour, the last one growing" span={3}>
        <Growing />
      </Shown>
      <Shown title="Days, small" span={2}>
        <UsageChart points={DAYS_30} label="Day" size="small" />
      </Shown>
      <Shown title="Minutes, small">
        <UsageChart points={MINUTES} label="Minute" size="small" />
      </Shown>
      <Shown title="Response time">
        <LineChart
          times={TIMES}
          series={LINES}
          format={(ms) => String(Math.round(ms))}
          unit="ms"
          label="Response time"
          live
        />
      </Shown>
      <Shown title="Bytes sent">
        <LineChart
          times={TIMES}
          series={BYTES}
          format={(mib) => mib.toFixed(0)}
          unit="MiB"
          label="Bytes sent"
          live
        />
      </Shown>
      <Shown title="Busiest seconds" span={2}>
        <PeakChart
          days={DAYS}
          guaranteed={1000}
          burstTo={2000}
          chosen={{ label: "Enterprise guaranteed", perSecond: 5000 }}
        />
      </Shown>
    </>
  );
}

/** Four repaints a second, as the live stream makes them. */
function Growing() {
  const [points, setPoints] = useState(MONTH_HOURS);
  useEffect(() => {
    const timer = setInterval(() => setPoints(grow), 250);
    return () => clearInterval(timer);
  }, []);
  return <UsageChart points={points} label="Hour" />;
}

function grow(points: typeof MONTH_HOURS): typeof MONTH_HOURS {
  return points.map((point, index) => {
    if (index < points.length - 1) return point;
    const { counts } = point;
    return {
      ...point,
      counts: { ...counts, requests: counts.requests + 3, guaranteed: counts.guaranteed + 3 },
    };
  });
}
