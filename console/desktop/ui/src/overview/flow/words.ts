// Figures of a node or a ribbon as text.
import { formatRate, UNKNOWN } from "@suiftly/ui";
import { formatMillis } from "../../model/format";

export function rateWords(requests: number, seconds: number): string {
  return perSecondWords(seconds > 0 ? requests / seconds : null);
}

/** Never "0.0" while there is something. */
export function perSecondWords(perSecond: number | null): string {
  const isLittle = perSecond !== null && perSecond > 0 && perSecond < 0.05;
  return isLittle ? "<0.1" : formatRate(perSecond);
}

export function millisWords(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  const { value, unit } = formatMillis(ms);
  return `${value} ${unit}`;
}
