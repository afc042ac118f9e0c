// HAProxy's five phases, in the order they are gone through, and the row of one in the table of timers.
import type {
  InfraSeries,
  InfraSummary,
  PhaseTimes,
  PhaseWord,
  Times,
} from "@suiftly/ui/api/admin";

export interface Phase {
  readonly key: PhaseWord;
  /** As HAProxy's log writes it. */
  readonly code: string;
  readonly word: string;
}

export const PHASES: readonly Phase[] = [
  { key: "request", code: "TR", word: "client sends request" },
  { key: "queue", code: "Tw", word: "waits in queue" },
  { key: "connect", code: "Tc", word: "connects" },
  { key: "response", code: "Tr", word: "backend answers" },
  { key: "total", code: "Ta", word: "all of it" },
];

export interface PhaseRow extends Phase {
  /** Null where no request reached it. */
  readonly times: Times | null;
  readonly reached: number;
  /** The 99th percentile of the same hour last week; null is unknown. */
  readonly lastWeek: number | null;
  /** The 99th percentile by minute over the hour; minutes without requests are left out. */
  readonly spark: readonly number[];
}

export function phaseRows(
  recent: InfraSummary | undefined,
  lastWeek: InfraSummary | undefined,
  hour: InfraSeries | undefined,
): readonly PhaseRow[] {
  return PHASES.map((phase) => {
    const now = ofAll(recent, phase.key);
    return {
      ...phase,
      times: now?.time_ms ?? null,
      reached: now?.reached ?? 0,
      lastWeek: ofAll(lastWeek, phase.key)?.time_ms?.p99 ?? null,
      spark: p99ByMinute(hour, phase.key),
    };
  });
}

/** Of an answer that tells nothing apart. */
function ofAll(summary: InfraSummary | undefined, key: PhaseWord): PhaseTimes | undefined {
  return summary?.groups[0]?.phases[key];
}

function p99ByMinute(hour: InfraSeries | undefined, key: PhaseWord): readonly number[] {
  const points = hour?.points ?? [];
  return points.flatMap(({ groups }) => groups[0]?.phases[key].time_ms?.p99 ?? []);
}
