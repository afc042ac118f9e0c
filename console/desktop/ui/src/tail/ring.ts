// The tail's lines in the page: bounded, whatever comes.
import type { RecordLine, TailLines } from "@suiftly/ui/api/admin";

export const LINES_KEPT = 5_000;
/** The rate is of the last pulls, so long back. */
const RATE_MS = 3_000;

export interface TailLine {
  /** Counted in the page: what a row is known by. */
  readonly id: number;
  readonly line: RecordLine;
}

interface Tick {
  readonly at: number;
  readonly lines: number;
  readonly sampled: number;
}

export interface Ring {
  /** The oldest first. */
  readonly lines: readonly TailLine[];
  /** All that came, kept or not. */
  readonly came: number;
  /** Fitted, but were left out by the server: it sends so many a second and no more. */
  readonly sampled: number;
  /** Went by because this window was slow. */
  readonly dropped: number;
  readonly ticks: readonly Tick[];
}

export const EMPTY_RING: Ring = { lines: [], came: 0, sampled: 0, dropped: 0, ticks: [] };

interface Pulled {
  readonly events: readonly TailLines[];
  readonly dropped: number;
  /** Unix time in ms. */
  readonly at: number;
}

/** What one pull brought, in one step: the latest lines stay, the oldest go. */
export function push(ring: Ring, { events, dropped, at }: Pulled): Ring {
  const brought = events.reduce((sum, { lines }) => sum + lines.length, 0);
  const sampled = events.reduce((sum, event) => sum + event.sampled, 0);
  const lines = brought === 0 ? ring.lines : joined(ring, events, brought);
  const ticks = ring.ticks.filter((tick) => at - tick.at < RATE_MS);
  return {
    lines,
    came: ring.came + brought,
    sampled: ring.sampled + sampled,
    dropped: ring.dropped + dropped,
    ticks: [...ticks, { at, lines: brought, sampled: sampled + dropped }],
  };
}

function joined(ring: Ring, events: readonly TailLines[], brought: number): readonly TailLine[] {
  const kept = ring.lines.slice(Math.max(0, ring.lines.length + brought - LINES_KEPT));
  // Of a flood only what stays is made.
  let skip = Math.max(0, brought - LINES_KEPT);
  let id = ring.came + skip;
  const fresh: TailLine[] = [];
  for (const { lines } of events) {
    const from = Math.min(skip, lines.length);
    skip -= from;
    for (const line of lines.slice(from)) {
      fresh.push({ id, line });
      id += 1;
    }
  }
  return kept.concat(fresh);
}

/** Without its lines; ids go on, so that rows are not mistaken for others. */
export function clear(ring: Ring): Ring {
  return { ...ring, lines: [], sampled: 0, dropped: 0 };
}

export interface Rates {
  /** Lines shown, a second. */
  readonly shown: number;
  /** One of so many that fitted is shown; 1: all. */
  readonly oneOf: number;
}

export function rates({ ticks }: Ring): Rates {
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (first === undefined || last === undefined || last.at === first.at)
    return { shown: 0, oneOf: 1 };
  // The first one's lines came before it.
  const rest = ticks.slice(1);
  const lines = rest.reduce((sum, tick) => sum + tick.lines, 0);
  const left = rest.reduce((sum, tick) => sum + tick.sampled, 0);
  return {
    shown: (lines * 1_000) / (last.at - first.at),
    oneOf: lines === 0 ? 1 : (lines + left) / lines,
  };
}
