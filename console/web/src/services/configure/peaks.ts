// How busy each day was, for the chart and in words.
import { formatCount, type PeakDay } from "@suiftly/ui";
import type { Peaks } from "@suiftly/ui/api/customer";

/** By the busiest minute where minutes are kept, else by the busiest hour. */
export function peakDays({ days }: Peaks): readonly PeakDay[] {
  return days.map(({ day, requests, busiest_minute, busiest_hour, burst, rejected }) => {
    const peak = busiest_minute ?? busiest_hour ?? null;
    const idle = requests === 0 ? 0 : null;
    return {
      start: Date.parse(day),
      perSecond: peak === null ? idle : Math.round(peak.per_second),
      burst,
      rejected,
    };
  });
}

/** How often there was more than is guaranteed, and what became of it. */
export function peaksWords({ hours, hours_above_guaranteed, burst, rejected }: Peaks): string {
  const known = "The running day is by its busiest minute, the days before by their busiest hour.";
  if (hours_above_guaranteed === 0) {
    return `In these ${formatCount(hours)} hours nothing was burst or rejected. ${known}`;
  }
  const above = `In ${formatCount(hours_above_guaranteed)} of ${formatCount(hours)} hours some requests were burst or rejected`;
  return `${above}: burst carried ${formatCount(burst)}, and ${formatCount(rejected)} were rejected. ${known}`;
}
