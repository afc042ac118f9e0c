// Where a measure stands out, what is usual beside it, and when it ended.
import type { Span, Window } from "./window";

export interface Bar extends Span {
  readonly value: number;
  /** Of what is chosen, where something is. */
  readonly part: number | null;
  /** `unknown`: no data yet, or none any more. */
  readonly truth: "final" | "filling" | "unknown";
}

interface BarsOf {
  readonly window: Window;
  /** By a bucket's first instant; one without requests is left out. */
  readonly values: ReadonlyMap<number, number>;
  readonly parts: ReadonlyMap<number, number> | null;
  /** Before it nothing is kept. */
  readonly keptFrom: number;
  readonly completeTo: number;
}

export function barsOf({ window, values, parts, keptFrom, completeTo }: BarsOf): readonly Bar[] {
  const count = Math.round((window.to - window.from) / window.step);
  return Array.from({ length: count }, (_, index) => {
    const from = window.from + index * window.step;
    const to = from + window.step;
    const value = values.get(from) ?? 0;
    const part = parts && Math.min(value, parts.get(from) ?? 0);
    if (from < keptFrom || from > completeTo) return { from, to, value: 0, part, truth: "unknown" };
    return { from, to, value, part, truth: to <= completeTo ? "final" : "filling" };
  });
}

/** What a bar has above the usual before it stands out: counts scatter by their square root, traffic by more. */
function margin(usual: number): number {
  return Math.max(3, 5 * Math.sqrt(usual), usual / 2);
}

/** The stretch that stands out most against the usual; null where none does. */
export function findSpike(bars: readonly Bar[]): Span | null {
  const known = bars.filter(({ truth }) => truth !== "unknown");
  // Low: what lasts for most of the time shown is not the usual for that.
  const usual = quantile(known.map(shown), 1 / 5);
  if (usual === null) return null;
  const most = usual + margin(usual);
  let best = null as Run | null;
  let run = null as Run | null;
  for (const [at, bar] of known.entries()) {
    const over = shown(bar) - most;
    if (over <= 0) continue;
    const goesOn = run !== null && at - run.last <= BRIDGED + 1;
    run =
      run && goesOn
        ? { ...run, last: at, sum: run.sum + over }
        : { first: at, last: at, sum: over };
    if (best === null || run.sum > best.sum) best = run;
  }
  const [first, last] = [known[best?.first ?? -1], known[best?.last ?? -1]];
  return first && last ? { from: first.from, to: last.to } : null;
}

/** Quiet bars that a stretch goes on over. */
const BRIDGED = 1;

interface Run {
  readonly first: number;
  readonly last: number;
  /** All that its bars have above the most that is usual. */
  readonly sum: number;
}

/** Where nothing stands out: the last bars. */
export function lastBars(bars: readonly Bar[], count: number): Span | null {
  const known = bars.filter(({ truth }) => truth !== "unknown").slice(-count);
  const [first, last] = [known[0], known.at(-1)];
  return first && last ? { from: first.from, to: last.to } : null;
}

interface SpanCounts {
  readonly value: number;
  /** What as many other bars have; null where too few are beside it to say. */
  readonly usual: number | null;
}

/** Bars beside a span that say what is usual. */
const BESIDE = 3;

export function countsOf(bars: readonly Bar[], span: Span): SpanCounts {
  const inside = bars.filter((bar) => isIn(bar, span) && bar.truth !== "unknown");
  const beside = bars.filter((bar) => !isIn(bar, span) && bar.truth === "final").map(shown);
  const usual = beside.length < BESIDE ? null : quantile(beside, 1 / 2);
  const value = inside.reduce((sum, bar) => sum + shown(bar), 0);
  return { value, usual: usual === null ? null : Math.round(usual * inside.length) };
}

type Ending =
  | { readonly kind: "usual" }
  | { readonly kind: "ended"; readonly at: number }
  | { readonly kind: "going on" };

/** When a measure came back to the usual after it stood out in the span. */
export function endingOf(bars: readonly Bar[], span: Span): Ending {
  const beside = bars.filter((bar) => !isIn(bar, span) && bar.truth === "final").map(shown);
  const usual = quantile(beside, 1 / 2) ?? 0;
  const stands = (bar: Bar) => shown(bar) > usual + margin(usual);
  const from = bars.findIndex((bar) => isIn(bar, span) && stands(bar));
  if (from < 0) return { kind: "usual" };
  let last = from;
  for (const [index, bar] of bars.entries()) {
    // What begins again after the span is another spike.
    if (index > last + 1 && !isIn(bar, span)) break;
    if (index > last && stands(bar)) last = index;
  }
  const after = bars[last + 1];
  const ended = bars[last];
  if (ended === undefined || after === undefined || after.truth !== "final")
    return { kind: "going on" };
  return { kind: "ended", at: ended.to };
}

/** Moves a span by whole bars; both edges, or with `widen` the right one alone. It stays inside, and one bar long. */
export function moveSpan(span: Span, by: number, window: Window, widen: boolean): Span {
  const step = by * window.step;
  if (widen) {
    const to = Math.min(Math.max(span.to + step, span.from + window.step), window.to);
    return { from: span.from, to };
  }
  const length = span.to - span.from;
  const from = Math.min(Math.max(span.from + step, window.from), window.to - length);
  return { from, to: from + length };
}

function isIn(bar: Span, span: Span): boolean {
  return bar.from < span.to && bar.to > span.from;
}

function shown({ value, part }: Bar): number {
  return part ?? value;
}

function quantile(values: readonly number[], q: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? null;
}
