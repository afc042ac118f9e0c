// All that is wrong now, in words, the gravest first, and what was looked at to say so.
import { formatCount, formatDuration, type Pipeline, type Usage } from "@suiftly/ui";
import type {
  BillingStanding,
  FleetView,
  InfraPoint,
  NoticeItem,
  QuarantineReason,
  TopCustomers,
} from "@suiftly/ui/api/admin";
import { type Outstanding, outstandingLead, outstandingWords } from "../ended/outstanding";
import { placeName, placeSearch, type ServerWord } from "../places";
import { rfc3339, type Span } from "../span";
import type { SlowPhase } from "../timers/slow";
import { byGravity, type Concern, PLAIN } from "./concern";
import { fleetConcerns } from "./fleet";
import { movedConcerns } from "./moved";
import { noticeConcerns } from "./notices";
import { moneyConcerns, pipelineConcerns, quarantineConcern } from "./pipeline";
import { endedSince, slowSince } from "./since";
import { spikeConcerns } from "./spikes";

/** What is known; what is not is absent, and is not taken for well. */
export interface Known {
  readonly notices?: readonly NoticeItem[] | undefined;
  readonly fleet?: FleetView | undefined;
  readonly pipeline: Pipeline | null;
  readonly usage: Usage | null;
  /** Null: no phase is slow. */
  readonly slow?: SlowPhase | null | undefined;
  readonly ended?: readonly Outstanding[] | undefined;
  readonly moved?: TopCustomers | undefined;
  readonly quarantine?: readonly QuarantineReason[] | undefined;
  readonly standing?: BillingStanding | undefined;
  readonly serverWord: ServerWord;
  /** The last hour by minute, from the oldest. */
  readonly points: readonly InfraPoint[];
  /** Of the recent figures, and of the last hour's. */
  readonly recent: Span;
  readonly hour: Span;
}

export function concerns(known: Known): readonly Concern[] {
  const { fleet, pipeline, usage, serverWord } = known;
  return byGravity([
    ...(fleet ? fleetConcerns(fleet, serverWord) : []),
    ...(pipeline ? pipelineConcerns(pipeline) : []),
    ...(usage ? spikeConcerns(usage.minutes, usage.completeTo) : []),
    ...(known.slow ? [slowConcern(known.slow, known)] : []),
    ...(known.ended ?? []).map((ended) => endedConcern(ended, known)),
    ...(known.moved ? movedConcerns(known.moved) : []),
    ...noticeConcerns(known.notices ?? []),
    ...quarantineConcern(known.quarantine ?? []),
    ...(known.standing ? moneyConcerns(known.standing) : []),
  ]);
}

const SLOW_WORDS = {
  request: "Clients are slow to send their requests",
  queue: "Requests wait in queues",
  connect: "Backends are slow to connect",
  response: "Backends are slow to answer",
  total: "Requests take long",
} as const;

function slowConcern({ phase, p99, usual, where }: SlowPhase, known: Known): Concern {
  const place = placeName(where, known.serverWord);
  const { from, to } = known.recent;
  return {
    ...PLAIN,
    key: "slow",
    severity: "bad",
    at: slowSince(known.points, phase.key, usual),
    lead: `${SLOW_WORDS[phase.key]}${place === "" ? "" : `: ${place}`}.`,
    rest: `${phase.code} p99 is ${formatDuration(p99)}, ${formatDuration(usual)} in this hour last week.`,
    goes: {
      to: "/drill",
      search: {
        measure: "slow",
        from: rfc3339(from),
        to: rfc3339(to),
        time_total_min_ms: Math.max(1, usual),
        ...placeSearch(where),
      },
    },
  };
}

function endedConcern(ended: Outstanding, { hour: { from, to }, points }: Known): Concern {
  return {
    ...PLAIN,
    key: `ended/${ended.state}`,
    at: endedSince(points, ended.state, ended.usualPart),
    severity: ended.isOurs ? "bad" : "note",
    lead: `${outstandingLead(ended)}:`,
    rest: `${outstandingWords(ended)}, ${formatCount(ended.count)} in the last hour.`,
    goes: {
      to: "/drill",
      search: {
        measure: "requests",
        termination_state: ended.state,
        from: rfc3339(from),
        to: rfc3339(to),
      },
    },
  };
}

interface LookedAt {
  readonly at: readonly string[];
  /** Could not be looked at. */
  readonly unknown: readonly string[];
}

/** What the calm rests on. */
export function lookedAt(known: Known): LookedAt {
  const { fleet, pipeline, usage } = known;
  const parts: readonly (readonly [boolean, string])[] = [
    [fleet !== undefined, fleet ? `${edgesOf(fleet)}, ${serversOf(fleet)}` : "edges and servers"],
    [pipeline !== null, "loss, lag and the journal"],
    [usage !== null, "errors of the last 5 minutes"],
    [known.slow !== undefined, "five timers"],
    [known.ended !== undefined, "how requests ended"],
    [known.moved !== undefined, "who went silent or jumped"],
    [known.notices !== undefined, "notifications"],
    [known.quarantine !== undefined, "quarantine"],
    [known.standing !== undefined, "draws and books"],
  ];
  const named = (wanted: boolean) =>
    parts.filter(([isKnown]) => isKnown === wanted).map(([, word]) => word);
  return { at: named(true), unknown: named(false) };
}

function edgesOf({ edges }: FleetView): string {
  return some(edges.length, "edge", "edges");
}

function serversOf({ edges }: FleetView): string {
  const gateways = edges.flatMap((edge) => edge.gateways);
  return some(gateways.flatMap(({ servers }) => servers).length, "server", "servers");
}

function some(count: number, one: string, more: string): string {
  return `${formatCount(count)} ${count === 1 ? one : more}`;
}
