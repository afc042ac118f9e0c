import { formatCount, formatDay, formatUsd } from "@suiftly/ui";
import type { CustomerAlert } from "@suiftly/ui/api/admin";
import { Pane } from "../parts/Pane";
import { useCustomer } from "./useCustomer";

/** What they want to be told of. */
export function Alerts() {
  const { alerts } = useCustomer();
  if (alerts.length === 0) return null;
  return (
    <Pane title="Alerts">
      <ul className="customer-list">
        {alerts.map((alert) => (
          <li key={alert.alert_id} data-off={!alert.is_enabled}>
            <span>
              {alert.name}{" "}
              <span className="text-ink-3">
                {alert.metric.replaceAll("_", " ")} {thresholdWords(alert)}
              </span>
            </span>
            <span className={alert.crossed_at == null ? "text-ink-3" : "customer-warn"}>
              {crossedWords(alert)}
            </span>
          </li>
        ))}
      </ul>
    </Pane>
  );
}

/** Money is in micro-dollars, shares in per cent, all else is counted. */
function thresholdWords({ metric, threshold }: CustomerAlert): string {
  if (metric === "spend" || metric === "balance_below") return formatUsd(threshold);
  return metric.endsWith("percent") ? `${threshold}%` : formatCount(threshold);
}

function crossedWords({ is_enabled, crossed_at }: CustomerAlert): string {
  if (!is_enabled) return "off";
  return crossed_at == null ? "not crossed" : `crossed ${formatDay(Date.parse(crossed_at))}`;
}
