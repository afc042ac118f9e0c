// Made-up figures, the same each time.
import { type Counts, type Line, NO_COUNTS, type PeakDay, type Point } from "@suiftly/ui";

export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const END = Date.parse("2026-11-19T14:45:00Z");

export function points(count: number, step: number, seed = 7): Point[] {
  const next = random(seed);
  const first = Math.floor(END / step) * step - (count - 1) * step;
  return Array.from({ length: count }, (_, i) => {
    const start = first + i * step;
    const wave = 0.6 + 0.3 * Math.sin((start / DAY) * Math.PI * 2 - 1.9) + next() * 0.08;
    const spike = Math.abs(i / count - 0.745) < 0.03 || Math.abs(i / count - 0.22) < 0.03;
    const last = i === count - 1;
    const gap = count > 90 && i > count * 0.4 && i < count * 0.43;
    return {
      start,
      end: start + step,
      counts: gap ? NO_COUNTS : counts(wave * (last ? 900 : 5_600), spike, next),
      truth: last ? "filling" : gap ? "unknown" : "final",
    };
  });
}

function counts(guaranteed: number, spike: boolean, next: () => number): Counts {
  const parts = {
    guaranteed: Math.round(guaranteed),
    burst: spike ? Math.round(guaranteed * 0.6) : 0,
    rejected: spike ? Math.round(guaranteed * 0.05) : 0,
    client_error: Math.round(next() * 9),
    server_error: next() < 0.2 ? 2 : 0,
    other: Math.round(next() * 40),
  };
  const requests = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const billable = parts.guaranteed + parts.burst;
  return {
    ...NO_COUNTS,
    ...parts,
    requests,
    billable_requests: billable,
    bytes_sent: billable * 7_000,
    billable_bytes: 0,
  };
}

export const TIMES = Array.from({ length: 96 }, (_, i) => END - (95 - i) * (HOUR / 4));

export function percentiles(): Line[] {
  const line = (seed: number, base: number, spread: number) => {
    const next = random(seed);
    return TIMES.map((_, i) => (i > 60 && i < 64 ? null : base + next() * spread));
  };
  return [
    { key: "p50", label: "p50", values: line(2, 14, 4), weight: "thin" },
    { key: "p95", label: "p95", values: line(3, 42, 10), weight: "bold" },
    { key: "p99", label: "p99", values: line(4, 88, 20), weight: "dashed", area: true },
  ];
}

const PEAKS = [
  612,
  588,
  930,
  1180,
  702,
  644,
  910,
  1420,
  2140,
  1105,
  690,
  655,
  980,
  1010,
  720,
  598,
  870,
  1960,
  1240,
  760,
  null,
  690,
  1330,
  980,
  640,
  720,
  1088,
  1412,
  900,
  816,
];

export const DAYS: PeakDay[] = PEAKS.map((perSecond, i) => ({
  start: Date.parse("2026-10-21T00:00:00Z") + i * DAY,
  perSecond,
  burst: (perSecond ?? 0) > 1_000 ? 4_210 : 0,
  rejected: (perSecond ?? 0) > 2_000 ? 318 : 0,
}));

export const MINUTES = points(60, 60_000);
export const QUARTERS = points(96, HOUR / 4, 21);
export const MONTH_HOURS = points(720, HOUR, 5);
export const DAYS_30 = points(30, DAY, 11);
