import { formatBytes, formatCount, type Line, LineChart } from "@suiftly/ui";
import { useMemo } from "react";
import { Guard } from "../shell/Guard";
import { bytesOver } from "./bytes";
import { measured } from "./points";
import type { Usage } from "./useUsage";
import { TIMES_WITHIN } from "./words";

/** How long answers took, and how much was sent. */
export function Measures({ usage }: { usage: Usage }) {
  const sent = formatBytes(usage.counts.bytes_sent);
  return (
    <div className="usage-measures">
      <section>
        <header>
          <h2>Response time</h2>
          <p title={TIMES_WITHIN}>ms, measured at the gateway</p>
        </header>
        <Guard what="Response time">
          <ResponseTimes usage={usage} />
        </Guard>
      </section>
      <section>
        <header>
          <h2>Bytes sent</h2>
          <p>{`${sent.value} ${sent.unit} in all`}</p>
        </header>
        <Guard what="Bytes sent">
          <BytesSent usage={usage} />
        </Guard>
      </section>
    </div>
  );
}

function ResponseTimes({ usage: { times, span, goesOn } }: { usage: Usage }) {
  const { series, step } = times;
  const read = useMemo(() => measured(series, span, step), [series, span, step]);
  const lines = useMemo(
    (): readonly Line[] => [
      { key: "p50", label: "p50", values: read.p50, weight: "thin" },
      { key: "p95", label: "p95", values: read.p95, weight: "bold" },
      { key: "p99", label: "p99", values: read.p99, weight: "dashed", area: true },
    ],
    [read],
  );
  return (
    <LineChart
      times={read.times}
      series={lines}
      format={(ms) => formatCount(Math.round(ms))}
      unit="ms"
      label="Response time"
      live={goesOn}
    />
  );
}

function BytesSent({ usage: { points, goesOn } }: { usage: Usage }) {
  const { times, values, unit } = bytesOver(points);
  const lines: readonly Line[] = [{ key: "sent", label: "", values, weight: "bold" }];
  return (
    <LineChart
      times={times}
      series={lines}
      format={(value) => (value < 10 ? value.toFixed(1) : formatCount(Math.round(value)))}
      unit={unit}
      label="Bytes sent"
      live={goesOn}
    />
  );
}
