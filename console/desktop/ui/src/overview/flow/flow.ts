// Where lines go: from networks through gateways to backends, as nodes and what flows between them.
import type { InfraLabels, InfraRow } from "@suiftly/ui/api/admin";
import { countOurs } from "../ended/matrix";
import type { ServerWord } from "../places";
import { backendKey, isSlow } from "../timers/slow";
import { type Folded, fold } from "./fold";
import { type Naming, NONE_KEY, namingOf } from "./naming";

export type Column = 0 | 1 | 2;

export interface FlowNode {
  readonly key: string;
  readonly column: Column;
  readonly label: string;
  readonly group: InfraLabels;
  readonly requests: number;
  /** Ended by a server or by what is ours. */
  readonly failed: number;
  /** Until the backend began to answer; null where none was asked, or several are one node. */
  readonly p99: number | null;
  readonly isHot: boolean;
}

export interface FlowLink {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly group: InfraLabels;
  readonly requests: number;
  readonly failed: number;
  readonly isHot: boolean;
}

export interface Flow {
  readonly nodes: readonly FlowNode[];
  readonly links: readonly FlowLink[];
  readonly requests: number;
}

interface FlowSource {
  /** By server, service, network and backend. */
  readonly rows: readonly InfraRow[];
  /** By service, network and backend: percentiles of several servers cannot be added up. */
  readonly backends: readonly InfraRow[];
  /** The same of the hour that they are held against. */
  readonly backendsBefore: readonly InfraRow[];
  readonly serverWord: ServerWord;
}

/** A part of requests that failed which stands out, and how many it takes to be one. */
const FAILED_PART = 0.05;
const FAILED_LEAST = 10;

/** `most`: how many nodes of a column have room; the least of more are one. */
export function flowOf(source: FlowSource, most: number): Flow {
  const naming = namingOf(source.rows, source.serverWord);
  const times = timesOf(source);
  const folded = fold(nodesOf(source.rows, naming, times), most);
  return {
    nodes: folded.nodes,
    links: linksOf(source.rows, naming, times, folded),
    requests: source.rows.reduce((sum, { requests }) => sum + requests, 0),
  };
}

interface BackendTimes {
  readonly p99: (group: InfraLabels) => number | null;
  readonly isSlow: (group: InfraLabels, p99: number | null | undefined) => boolean;
}

function timesOf({ backends, backendsBefore }: FlowSource): BackendTimes {
  const [now, before] = [p99ByBackend(backends), p99ByBackend(backendsBefore)];
  return {
    p99: (group) => now.get(backendKey(group)) ?? null,
    isSlow: (group, p99) => p99 != null && isSlow(p99, before.get(backendKey(group)) ?? null),
  };
}

function p99ByBackend(rows: readonly InfraRow[]): ReadonlyMap<string, number> {
  return new Map(
    rows.flatMap(({ group, phases }) => {
      const p99 = phases.response.time_ms?.p99;
      return p99 === undefined ? [] : [[backendKey(group), p99] as const];
    }),
  );
}

function nodesOf(
  rows: readonly InfraRow[],
  naming: Naming,
  times: BackendTimes,
): readonly FlowNode[] {
  const nodes = new Map<string, FlowNode>();
  for (const { group, requests, terminations } of rows) {
    for (const column of [0, 1, 2] as const) {
      const named = naming(column, group);
      const known = nodes.get(named.key);
      const p99 = column === 2 && named.key !== NONE_KEY ? times.p99(group) : null;
      nodes.set(named.key, {
        ...named,
        column,
        requests: (known?.requests ?? 0) + requests,
        failed: (known?.failed ?? 0) + countOurs(terminations),
        p99,
        isHot: times.isSlow(group, p99),
      });
    }
  }
  // Backends alone are to blame: through a gateway goes what fails behind it.
  return [...nodes.values()].map((node) =>
    node.column === 2 && isFailing(node) ? { ...node, isHot: true } : node,
  );
}

function linksOf(
  rows: readonly InfraRow[],
  naming: Naming,
  times: BackendTimes,
  { places, groups }: Folded,
): readonly FlowLink[] {
  const links = new Map<string, FlowLink>();
  const keyOf = (column: Column, group: InfraLabels) => {
    const { key } = naming(column, group);
    return places.get(key) ?? key;
  };
  for (const { group, requests, terminations, phases } of rows) {
    const slow = times.isSlow(group, phases.response.time_ms?.p99);
    for (const column of [0, 1] as const) {
      const [from, to] = [keyOf(column, group), keyOf(column === 0 ? 1 : 2, group)];
      const key = `${from}>${to}`;
      const known = links.get(key);
      links.set(key, {
        ...{ key, from, to },
        group: { ...groups.get(from), ...groups.get(to) },
        requests: (known?.requests ?? 0) + requests,
        failed: (known?.failed ?? 0) + countOurs(terminations),
        isHot: column === 1 && (slow || known?.isHot === true),
      });
    }
  }
  return [...links.values()].map((link) =>
    link.to.startsWith("2/") && isFailing(link) ? { ...link, isHot: true } : link,
  );
}

function isFailing({ requests, failed }: { requests: number; failed: number }): boolean {
  return failed >= FAILED_LEAST && failed >= FAILED_PART * requests;
}
