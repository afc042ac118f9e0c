// A linear axis from zero with round numbers.

export interface Scale {
  readonly top: number;
  readonly ticks: readonly number[];
}

const ROUND = [1, 2, 2.5, 5, 10] as const;

/** The smallest round scale of two to `steps` steps that holds `max`. */
export function niceScale(max: number, steps: number): Scale {
  const wanted = Math.max(max, 1) / steps;
  const power = 10 ** Math.floor(Math.log10(wanted));
  // Below ten a round step of 2.5 would put ticks between whole requests.
  const round = ROUND.map((factor) => factor * power).filter(Number.isInteger);
  const step = round.find((candidate) => candidate >= wanted) ?? 1;
  const count = Math.max(2, Math.ceil(max / step));
  return { top: count * step, ticks: Array.from({ length: count + 1 }, (_, i) => i * step) };
}

/** 2500 → "2.5 k" */
export function formatAxis(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000} M`;
  return value >= 1_000 ? `${value / 1_000} k` : String(value);
}
