// What is wrong in the fleet, in plain words, the gravest first; and what is done about it.
import { formatCount, formatMoment, formatSpan } from "@suiftly/ui";
import type { FleetEdge, FleetGateway, FleetView } from "@suiftly/ui/api/admin";
import { isDown, isWaitedFor } from "./edges";

export interface Trouble {
  readonly key: string;
  readonly kind: "bad" | "warn";
  readonly edge: string;
  /** "sin-2 has not applied v18,442" */
  readonly head: string;
  /** What it says, and what is done about it. */
  readonly words: string;
  /** What may be done: filling maps anew, reading what HAProxy said, looking at the loss. */
  readonly act: "push" | "logs" | "loss" | "open";
  /** The gateway that it is of. */
  readonly server: number | null;
}

/** A refusal is told of for so long after the edge has taken a later version. */
const REFUSED_TOLD_MS = 3_600_000;

export function fleetTroubles(fleet: FleetView, now: number): readonly Trouble[] {
  const all = fleet.edges
    .filter(isWaitedFor)
    .flatMap((edge) => [
      ...standing(edge, fleet, now),
      ...refusals(edge, now),
      ...canaries(edge, fleet, now),
      ...edge.gateways.flatMap((gateway) => gatewayTroubles(edge, gateway)),
    ]);
  return all.toSorted((a, b) => Number(b.kind === "bad") - Number(a.kind === "bad"));
}

function standing(edge: FleetEdge, { version }: FleetView, now: number): readonly Trouble[] {
  const { name, state } = edge;
  const since =
    edge.out_since == null ? "" : ` since ${formatMoment(Date.parse(edge.out_since), now)}`;
  const has = named(edge.version);
  const at = { edge: name, server: edge.servers[0] ?? null };
  if (state === "unreachable")
    return [
      {
        ...at,
        key: `${name} unreachable`,
        kind: "bad",
        head: `${name} does not answer${since}.`,
        words: `Its gateways go on with ${has ?? "what they have"}: whoever was stopped later is still served there. It connects again by itself and takes what it lacks.`,
        act: "open",
      },
    ];
  if (state === "never_seen")
    return [
      {
        ...at,
        key: `${name} never seen`,
        kind: "warn",
        head: `${name} is expected and has never reported.`,
        words: "Start its edge, or take it out of the configuration.",
        act: "open",
      },
    ];
  if (state !== "behind") return [];
  const why = edge.gateways.find(({ trouble }) => trouble != null)?.trouble;
  return [
    {
      ...at,
      key: `${name} behind`,
      kind: "warn",
      head: `${name} has not applied ${named(version) ?? "the version in force"}:`,
      words: `${why ?? "it has not said why"}. It tries again each second, for ${formatSpan(edge.lag_ms)} so far; meanwhile it enforces ${has ?? "nothing that is known"}.`,
      act: "push",
    },
  ];
}

function refusals(edge: FleetEdge, now: number): readonly Trouble[] {
  const last = edge.refused.at(-1);
  if (last === undefined) return [];
  const at = Date.parse(last.at);
  const isPassed = last.version != null && (edge.version ?? 0) >= last.version;
  if (isPassed && now - at > REFUSED_TOLD_MS) return [];
  return [
    {
      key: `${edge.name} refused`,
      kind: "bad",
      edge: edge.name,
      head: `${edge.name} refused ${named(last.version) ?? "a version of the vault"} at ${formatMoment(at, now)}:`,
      words: `${last.reason}. ${isPassed ? "It has taken a later one since." : "It keeps what it could prove, and asks again."}`,
      act: "open",
      server: edge.servers[0] ?? null,
    },
  ];
}

const ALARMS = {
  unmetered: "serves, and its lines do not arrive:",
  unserved: "does not serve its own requests:",
} as const;
const FOLLOWS = {
  unmetered: "what customers use there may not be billed. Look at the way its lines take.",
  unserved: "customers may not be served there either. Look at its HAProxy.",
} as const;

function canaries(edge: FleetEdge, fleet: FleetView, now: number): readonly Trouble[] {
  return fleet.canaries.flatMap(({ server_id, alarm, alarm_since }) => {
    if (alarm == null || !edge.servers.includes(server_id)) return [];
    const since = alarm_since == null ? "" : `since ${formatMoment(Date.parse(alarm_since), now)} `;
    return [
      {
        key: `canary ${server_id}`,
        kind: "bad" as const,
        edge: edge.name,
        head: `${gatewayName(edge, server_id)} ${ALARMS[alarm]}`,
        words: `${since}${FOLLOWS[alarm]}`,
        act: alarm === "unmetered" ? ("loss" as const) : ("logs" as const),
        server: server_id,
      },
    ];
  });
}

function gatewayTroubles(edge: FleetEdge, gateway: FleetGateway): readonly Trouble[] {
  const { server_id, servers, dropped_logs, trouble } = gateway;
  const at = { edge: edge.name, server: server_id };
  const name = gatewayName(edge, server_id);
  const down = servers.filter(isDown).map(({ backend, server }) => `${backend}/${server}`);
  const found: Trouble[] = [];
  if (down.length > 0)
    found.push({
      ...at,
      key: `down ${server_id}`,
      kind: "bad",
      head: `${down.length === 1 ? `${down[0]} is` : `${formatCount(down.length)} servers are`} down behind ${name}.`,
      words: `${down.length === 1 ? "" : `${down.join(", ")}. `}HAProxy sends nothing there, and checks until ${down.length === 1 ? "it answers" : "they answer"}.`,
      act: "logs",
    });
  // What keeps a whole edge behind is told of it already.
  if (trouble != null && edge.state === "in_sync")
    found.push({
      ...at,
      key: `trouble ${server_id}`,
      kind: "warn",
      head: `${name} has trouble:`,
      words: `${trouble}. It enforces the version in force all the same.`,
      act: "open",
    });
  if ((dropped_logs ?? 0) > 0)
    found.push({
      ...at,
      key: `dropped ${server_id}`,
      kind: "warn",
      head: `${name} could not send ${formatCount(dropped_logs ?? 0)} log lines.`,
      words: "HAProxy’s buffer was full. Their numbers are missing here, and counted as lost.",
      act: "loss",
    });
  return found;
}

function named(version: number | null | undefined): string | null {
  return version == null || version === 0 ? null : `v${formatCount(version)}`;
}

/** Its edge’s name; with its number where the edge has several. */
export function gatewayName(edge: Pick<FleetEdge, "name" | "servers">, server: number): string {
  return edge.servers.length <= 1 ? edge.name : `${edge.name}/${server}`;
}
