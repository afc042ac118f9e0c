// What is wrong with edges, gateways and the servers behind them.
import { formatCount, formatSpan } from "@suiftly/ui";
import type { CanaryAlarm, FleetEdge, FleetView, Standing } from "@suiftly/ui/api/admin";
import type { ServerWord } from "../places";
import { type Concern, PLAIN } from "./concern";

export function fleetConcerns(fleet: FleetView, serverWord: ServerWord): readonly Concern[] {
  return [
    ...fleet.edges.flatMap((edge) => edgeConcern(edge, fleet.version ?? null)),
    ...fleet.edges.flatMap(downConcern),
    ...fleet.canaries.flatMap(({ server_id, alarm, alarm_since }) =>
      alarm ? [canaryConcern(serverWord(server_id), server_id, alarm, alarm_since ?? null)] : [],
    ),
  ];
}

const GRAVE: Readonly<Record<Standing, "bad" | "warn" | null>> = {
  in_sync: null,
  updating: null,
  behind: "warn",
  unreachable: "bad",
  never_seen: "warn",
};

function edgeConcern(edge: FleetEdge, newest: number | null): readonly Concern[] {
  const severity = GRAVE[edge.state];
  // One that nobody named and that was never seen is not waited for.
  if (severity === null || (edge.state === "never_seen" && edge.is_implied)) return [];
  const goes = { to: "/fleet", search: { edge: edge.name } } as const;
  const at = edge.out_since ? Date.parse(edge.out_since) : null;
  return [{ ...PLAIN, key: `edge/${edge.name}`, severity, at, goes, ...edgeWords(edge, newest) }];
}

function edgeWords(edge: FleetEdge, newest: number | null): Pick<Concern, "lead" | "rest"> {
  const held = edge.version == null ? "no vault" : `vault v${formatCount(edge.version)}`;
  const late = edge.lag_ms > 0 ? `${formatSpan(edge.lag_ms)} behind` : "behind";
  const wanted = newest === null ? "" : ` v${formatCount(newest)}`;
  switch (edge.state) {
    case "unreachable":
      return {
        lead: `${edge.name} is unreachable.`,
        rest: `It was heard of last with ${held}; what it enforces is not known.`,
      };
    case "never_seen":
      return { lead: `${edge.name} was never seen.`, rest: "It is expected, and never reported." };
    default:
      return {
        lead: `${edge.name} holds ${held},`,
        rest: `${late}${wanted}. Until then it enforces what it has.`,
      };
  }
}

/** Servers of an edge's gateways that their checks found down: a sentence an edge. */
function downConcern({ name, gateways }: FleetEdge): readonly Concern[] {
  const down = gateways.flatMap(({ servers }) =>
    servers
      .filter(({ status }) => isDown(status))
      .map(({ backend, server }) => `${backend}/${server}`),
  );
  const all = gateways.reduce((sum, { servers }) => sum + servers.length, 0);
  if (down.length === 0) return [];
  const named = [...new Set(down)];
  const words = named.length <= 2 ? named.join(" and ") : `${named.length} servers`;
  return [
    {
      ...PLAIN,
      key: `down/${name}`,
      severity: "bad",
      lead: `${words} ${named.length === 1 ? "is" : "are"} down at ${name}.`,
      rest: `${formatCount(all - down.length)} of ${formatCount(all)} servers there are not.`,
      goes: { to: "/fleet", search: { edge: name } },
    },
  ];
}

/** "DOWN", and "DOWN 1/3" on the way up; "UP 1/3", on the way down, still serves. */
export function isDown(status: string): boolean {
  return status.toUpperCase().startsWith("DOWN");
}

const ALARMS: Readonly<Record<CanaryAlarm, string>> = {
  unserved: "Its synthetic requests are not answered.",
  unmetered: "Its synthetic requests are answered, and their lines do not arrive.",
};

function canaryConcern(
  word: string,
  server_id: number,
  alarm: CanaryAlarm,
  since: string | null,
): Concern {
  return {
    ...PLAIN,
    key: `canary/${server_id}`,
    severity: "bad",
    at: since === null ? null : Date.parse(since),
    lead: `The canary of ${word} fails.`,
    rest: ALARMS[alarm],
    goes: { to: "/fleet", search: {} },
  };
}
