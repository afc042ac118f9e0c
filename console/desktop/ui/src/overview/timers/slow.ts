// Which phase is slow, if any, and where: the one that takes most more than it did in the same hour last week.
import type { InfraLabels, InfraRow, PhaseWord } from "@suiftly/ui/api/admin";
import { PHASES, type Phase, type PhaseRow } from "./phases";

/** Slow is at least twice the usual, and at least so much more: 2 ms against 1 ms troubles nobody. */
const TIMES_USUAL = 2;
const LEAST_MORE_MS = 20;
/** This part of the delay is enough to name a place by. */
const MOST_OF_IT = 0.8;
/** A single cell is named by less: it is the one to look at first. */
const ENOUGH_OF_IT = 0.5;
/** Percentiles of fewer requests say little. */
const LEAST_REACHED = 20;

export interface SlowPhase {
  readonly phase: Phase;
  readonly p99: number;
  readonly usual: number;
  /** Where most of the delay is; what is not told apart is absent. */
  readonly where: InfraLabels;
}

export function isSlow(p99: number, usual: number | null): usual is number {
  return usual !== null && p99 >= TIMES_USUAL * usual && p99 - usual >= LEAST_MORE_MS;
}

/** The slow phase with the greatest delay. The whole is slow only as its parts are. */
export function slowPhase(
  rows: readonly PhaseRow[],
  cells: readonly InfraRow[],
  cellsLastWeek: readonly InfraRow[],
): SlowPhase | null {
  let found: { row: PhaseRow; p99: number; usual: number } | null = null;
  for (const row of rows) {
    const p99 = row.times?.p99;
    if (row.key === "total" || p99 === undefined || row.reached < LEAST_REACHED) continue;
    const usual = row.lastWeek;
    if (!isSlow(p99, usual)) continue;
    if (found === null || p99 - usual > found.p99 - found.usual) found = { row, p99, usual };
  }
  if (found === null) return null;
  const { row, p99, usual } = found;
  const phase = PHASES.find(({ key }) => key === row.key) ?? row;
  return { phase, p99, usual, where: whereSlow(row.key, usual, cells, cellsLastWeek) };
}

interface Delay {
  readonly group: InfraLabels;
  readonly ms: number;
}

function whereSlow(
  phase: PhaseWord,
  usual: number,
  cells: readonly InfraRow[],
  before: readonly InfraRow[],
): InfraLabels {
  const known = new Map(before.map((row) => [cellKey(row.group), row.phases[phase].time_ms?.p99]));
  const delays = cells.flatMap(({ group, phases }): Delay[] => {
    const { time_ms, reached } = phases[phase];
    const own = known.get(cellKey(group)) ?? usual;
    if (!time_ms || !isSlow(time_ms.p99, own)) return [];
    return [{ group, ms: (time_ms.p99 - own) * reached }];
  });
  const whole = delays.reduce((sum, { ms }) => sum + ms, 0);
  if (whole === 0) return {};
  const [cell, ofCell] = greatest(delays, cellKey);
  if (cell && ofCell >= ENOUGH_OF_IT * whole) return cell;
  const [server, ofServer] = greatest(delays, ({ server_id }) => String(server_id));
  if (server && ofServer >= MOST_OF_IT * whole) return pick(server, ["server_id"]);
  const [backend, ofBackend] = greatest(delays, backendKey);
  if (backend && ofBackend >= MOST_OF_IT * whole) {
    return pick(backend, ["service_type", "network", "backend_id"]);
  }
  return {};
}

/** Those of one key that are delayed most together. */
function greatest(
  delays: readonly Delay[],
  keyOf: (group: InfraLabels) => string,
): readonly [InfraLabels | null, number] {
  const sums = new Map<string, Delay>();
  for (const { group, ms } of delays) {
    const key = keyOf(group);
    sums.set(key, { group, ms: (sums.get(key)?.ms ?? 0) + ms });
  }
  let top: Delay | null = null;
  for (const delay of sums.values()) if (top === null || delay.ms > top.ms) top = delay;
  return top === null ? [null, 0] : [top.group, top.ms];
}

function pick(group: InfraLabels, keys: readonly (keyof InfraLabels)[]): InfraLabels {
  return Object.fromEntries(keys.map((key) => [key, group[key]]));
}

export function backendKey({ service_type, network, backend_id }: InfraLabels): string {
  return `${service_type}/${network}/${backend_id}`;
}

function cellKey(group: InfraLabels): string {
  return `${group.server_id}/${backendKey(group)}`;
}
