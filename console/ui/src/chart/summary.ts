import { formatCount } from "../format/number";
import { formatMinute } from "../format/time";
import type { Bar } from "./bars";

/** The chart in a sentence or two, for those who do not see it. */
export function summarize(bars: readonly Bar[]): string {
  const sum = (key: keyof Bar["counts"]) => bars.reduce((total, bar) => total + bar.counts[key], 0);
  const requests = sum("requests");
  if (requests === 0) return "No requests in the last 60 minutes.";
  const peak = bars.reduce((a, b) => (b.counts.requests > a.counts.requests ? b : a));
  return (
    `${formatCount(requests)} requests in the last 60 minutes, ` +
    `at most ${formatCount(peak.counts.requests)} in a minute, at ${formatMinute(peak.start)}. ` +
    `${formatCount(sum("client_error"))} client errors and ${formatCount(sum("server_error"))} server errors.`
  );
}

/** One column in words. Numbers of a minute that still fills are left to the table: they never rest. */
export function describeBar(bar: Bar): string {
  const minute = formatMinute(bar.start);
  if (bar.truth === "unknown") return `${minute}, no data yet`;
  if (bar.truth === "filling") return `${minute}, still filling`;
  return `${minute}, ${formatCount(bar.counts.requests)} requests, final`;
}
