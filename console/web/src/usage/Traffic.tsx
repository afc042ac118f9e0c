import { UsageChart } from "@suiftly/ui";
import { useNavigate } from "@tanstack/react-router";
import { opensOf } from "./opens";
import type { UsageSearch } from "./search";
import type { Usage } from "./useUsage";

const STEP_LABELS = {
  minute: "Minute",
  five_minutes: "Quarter hour",
  hour: "Hour",
  day: "Day",
} as const;

/** Requests by class over time. A column opens what is behind it. */
export function Traffic({ usage, search }: { usage: Usage; search: UsageSearch }) {
  const navigate = useNavigate({ from: "/usage" });
  return (
    <div className="usage-traffic">
      <UsageChart
        points={usage.points}
        label={STEP_LABELS[usage.span.chart.bucket]}
        onOpen={(start) =>
          void navigate({ search: opensOf(search, usage.span, start), resetScroll: false })
        }
      />
    </div>
  );
}
