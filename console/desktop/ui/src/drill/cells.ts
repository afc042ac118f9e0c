// The cells that make a spike: which gateway, which backend, and how it ended.
import type { InfraLabels, InfraRow, Phases } from "@suiftly/ui/api/admin";
import { ENDERS, endedNormally } from "../words/ended";
import { backendWord, eventWord } from "../words/events";
import type { RecordFilter } from "./lines/fields";
import { belongs, type Measure } from "./measure";
import type { CountedGroup, RecordLabels } from "./records";

export interface Cell {
  readonly key: string;
  readonly filter: RecordFilter;
  readonly group: InfraLabels;
  readonly requests: number;
  /** Of the same length before; null where that is no longer kept. */
  readonly usual: number | null;
  /** HAProxy's termination state that most of them have. */
  readonly termination: string;
  /** null where it was counted from raw records. */
  readonly phases: Phases | null;
}

export interface Cells {
  /** Those with the most requests first. */
  readonly cells: readonly Cell[];
  readonly requests: number;
}

export function cellsOf(
  measure: Measure,
  rows: readonly InfraRow[],
  earlier: readonly InfraRow[] | null,
): Cells {
  const mine = rows.filter(({ group }) => belongs(measure, group));
  const usual =
    earlier && new Map(earlier.map(({ group, requests }) => [keyOfGroup(group), requests]));
  const cells = mine.map((row) => {
    const key = keyOfGroup(row.group);
    return {
      key,
      filter: filterOfGroup(row.group),
      group: row.group,
      requests: row.requests,
      usual: usual && (usual.get(key) ?? 0),
      termination: mostOf(row.terminations),
      phases: row.phases,
    };
  });
  return ordered(cells);
}

/** The same out of raw records: of one customer, or of slow requests, which the gateways' view does not tell apart. */
export function cellsOfRecords(
  groups: readonly CountedGroup[],
  earlier: readonly CountedGroup[] | null,
): Cells {
  const usual =
    earlier && new Map(earlier.map(({ group, requests }) => [keyOfRecords(group), requests]));
  const cells = groups.map(({ group, requests }) => {
    const { server_id, backend_id, event_type, termination_state = "" } = group;
    const key = keyOfRecords(group);
    return {
      key,
      filter: {
        ...(server_id != null && { server_id }),
        ...(backend_id !== undefined && { backend_id }),
        ...(event_type !== undefined && { event_type }),
        ...(termination_state !== "" && { termination_state }),
      },
      group: {
        server_id: server_id ?? null,
        backend_id: backend_id ?? 0,
        event_type: event_type ?? 0,
      },
      requests,
      usual: usual && (usual.get(key) ?? 0),
      termination: termination_state,
      phases: null,
    };
  });
  return ordered(cells);
}

function keyOfRecords({
  server_id,
  backend_id,
  event_type,
  termination_state,
}: RecordLabels): string {
  return [server_id, backend_id, event_type, termination_state].join(" ");
}

function ordered(cells: readonly Cell[]): Cells {
  return {
    cells: cells.toSorted((a, b) => b.requests - a.requests || a.key.localeCompare(b.key)),
    requests: cells.reduce((sum, cell) => sum + cell.requests, 0),
  };
}

function keyOfGroup({
  server_id,
  service_type,
  backend_id,
  event_type,
  status_class,
}: InfraLabels) {
  return [server_id, service_type, backend_id, event_type, status_class].join(" ");
}

/** Success has no event of its own that would tell 404 from 200: its class does. */
function filterOfGroup(group: InfraLabels): RecordFilter {
  const { server_id, service_type, backend_id, event_type, status_class } = group;
  return {
    ...(server_id != null && { server_id }),
    ...(service_type != null && { service_type }),
    ...(backend_id !== undefined && { backend_id }),
    ...(event_type !== undefined && { event_type }),
    ...(event_type === 0 && status_class ? { status: `${status_class}xx` } : {}),
  };
}

/** Whether the filters chosen are this cell's. */
export function isChosen({ filter }: Pick<Cell, "filter">, chosen: RecordFilter): boolean {
  const keys = Object.keys(filter) as (keyof RecordFilter)[];
  return keys.length > 0 && keys.every((key) => filter[key] === chosen[key]);
}

function mostOf(terminations: Readonly<Record<string, number>>): string {
  const [first] = Object.entries(terminations).sort(
    ([a, m], [b, n]) => n - m || a.localeCompare(b),
  );
  return first?.[0] ?? "";
}

/** "504 no answer", "client left", "4xx". */
export function endWord({ group, termination }: Pick<Cell, "group" | "termination">): string {
  const { event_type = 0, status_class = 0 } = group;
  if (event_type !== 0) return eventWord(event_type);
  if (group.status_class === undefined && endedNormally(termination)) return "as it should";
  const ender = ENDERS.find(({ code }) => code === termination.slice(0, 1));
  if (ender && !endedNormally(termination)) return ender.word;
  return status_class === 0 ? "no status" : `${status_class}xx`;
}

/** "seal local 2"; a gateway that asked no backend has none. */
export function backendName({ service_type, backend_id = 0 }: InfraLabels): string {
  if (backend_id === 0) return service_type ?? "none";
  return service_type ? `${service_type} ${backendWord(backend_id)}` : backendWord(backend_id);
}
