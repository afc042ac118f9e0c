import { formatCount } from "../format/number";
import { DAY_MS } from "../timing";
import { type DayWord, dayWordOf, type Point, pointName, rangeWords, stepWord } from "./point";

/** The chart in a sentence or two, for those who do not see it. */
export function summarize(points: readonly Point[]): string {
  const sum = (key: keyof Point["counts"]) =>
    points.reduce((total, point) => total + point.counts[key], 0);
  const requests = sum("requests");
  const range = rangeWords(points);
  const peak = highest(points);
  if (requests === 0 || peak === undefined) return `No requests in ${range}.`;
  const step = peak.end - peak.start;
  return (
    `${formatCount(requests)} requests in ${range}, ` +
    `at most ${formatCount(peak.counts.requests)} in a ${stepWord(step)}, ` +
    `${step >= DAY_MS ? "on" : "at"} ${pointName(peak, dayWordOf(points))}. ` +
    `${formatCount(sum("client_error"))} client errors and ${formatCount(sum("server_error"))} server errors.`
  );
}

function highest(points: readonly Point[]): Point | undefined {
  let peak = points[0];
  for (const point of points) {
    if (peak === undefined || point.counts.requests > peak.counts.requests) peak = point;
  }
  return peak;
}

/** One column in words. Numbers of one that still fills are left to the table: they never rest. */
export function describePoint(point: Point, day: DayWord): string {
  const name = pointName(point, day);
  if (point.truth === "unknown") return `${name}, no data yet`;
  if (point.truth === "filling") return `${name}, still filling`;
  return `${name}, ${formatCount(point.counts.requests)} requests, final`;
}
