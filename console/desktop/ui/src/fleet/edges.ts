// How each edge stands, as a row: what it enforces, how fast it took it, and whether it loses anything.
import type { Pipeline, Status } from "@suiftly/ui";
import type {
  FleetApplied,
  FleetEdge,
  FleetServer,
  FleetView,
  Standing,
} from "@suiftly/ui/api/admin";
import { type LossHistory, type MissedLately, missedSince, missingByServer } from "./lossHistory";

const HOUR_MS = 3_600_000;

export const STANDINGS: Readonly<Record<Standing, { word: string; status: Status }>> = {
  in_sync: { word: "Current", status: "ok" },
  updating: { word: "Updating", status: "updating" },
  behind: { word: "Behind", status: "config-needed" },
  unreachable: { word: "Unreachable", status: "down" },
  never_seen: { word: "Never seen", status: "disabled" },
};

export interface EdgeRow {
  readonly edge: FleetEdge;
  /** For how long it has lacked the version in force; null: it has it, or is not heard of. */
  readonly lateMs: number | null;
  /** How long the version that it has took. */
  readonly tookMs: number | null;
  /** The same of the last versions, oldest first. */
  readonly history: readonly number[];
  readonly linesPerSecond: number | null;
  readonly missing: MissedLately | null;
  readonly ppm: number | null;
  /** Log messages that its gateways say they could not send. */
  readonly dropped: number | null;
  readonly haproxy: readonly string[];
  readonly servers: ServerCount;
  readonly canary: CanaryWord;
}

export interface ServerCount {
  readonly all: number;
  readonly down: number;
  /** Taken out by hand: for maintenance, draining. */
  readonly out: number;
}

export interface CanaryWord {
  readonly status: Status;
  readonly word: string;
}

export interface Beside {
  readonly pipeline: Pipeline | null;
  /** The pipeline’s last states, oldest first. */
  readonly recent: readonly Pipeline[];
  readonly losses: LossHistory;
  readonly now: number;
}

export function edgeRows(fleet: FleetView, beside: Beside): readonly EdgeRow[] {
  return fleet.edges.map((edge) => {
    const last = edge.applied.findLast(({ version }) => version === edge.version);
    const isLate = edge.state === "behind" || edge.state === "updating";
    return {
      edge,
      lateMs: isLate || (edge.state === "unreachable" && edge.lag_ms > 0) ? edge.lag_ms : null,
      tookMs: last === undefined ? null : tookOf(last),
      history: edge.applied.map(tookOf),
      linesPerSecond: rateOf(edge, beside.recent),
      missing: missingOf(edge, beside),
      ppm: ppmOf(edge, beside.pipeline),
      dropped: droppedOf(edge),
      haproxy: versionsOf(edge),
      servers: countServers(edge.gateways.flatMap(({ servers }) => servers)),
      canary: canaryOf(edge, fleet),
    };
  });
}

/** Until we heard of it; by the edge’s own clock where it was published before this server started. */
export function tookOf({ took_ms, edge_ms }: FleetApplied): number {
  return took_ms ?? edge_ms;
}

/** Lines a second that its gateways numbered, over what the window remembers. */
function rateOf(edge: FleetEdge, recent: readonly Pipeline[]): number | null {
  const [first, last] = [recent[0], recent.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const seconds = (Date.parse(last.now) - Date.parse(first.now)) / 1_000;
  if (!(seconds > 0)) return null;
  return Math.max(0, received(edge, last) - received(edge, first)) / seconds;
}

function workersOf(edge: FleetEdge, pipeline: Pipeline) {
  return pipeline.loss.workers.filter(({ server_id }) => edge.servers.includes(server_id));
}

function received(edge: FleetEdge, pipeline: Pipeline): number {
  return workersOf(edge, pipeline).reduce((sum, worker) => sum + worker.received, 0);
}

function missingOf(edge: FleetEdge, { pipeline, losses, now }: Beside): MissedLately | null {
  if (pipeline === null) return null;
  const current = missingByServer(pipeline);
  const each = edge.servers.map((id) =>
    missedSince(losses, id, current.get(id) ?? 0, now - HOUR_MS),
  );
  const known = each.filter((missed) => missed !== null);
  if (known.length === 0) return null;
  return {
    lines: known.reduce((sum, { lines }) => sum + lines, 0),
    since: Math.max(...known.map(({ since }) => since)),
  };
}

function ppmOf(edge: FleetEdge, pipeline: Pipeline | null): number | null {
  if (pipeline === null) return null;
  const workers = workersOf(edge, pipeline);
  const missing = workers.reduce((sum, worker) => sum + worker.missing, 0);
  const due = missing + received(edge, pipeline);
  return due === 0 ? null : (missing * 1e6) / due;
}

function droppedOf(edge: FleetEdge): number | null {
  const said = edge.gateways.flatMap(({ dropped_logs }) => dropped_logs ?? []);
  return said.length === 0 ? null : said.reduce((sum, count) => sum + count, 0);
}

/** "2.6.12-1+deb12u4" is 2.6.12 to people. */
function versionsOf(edge: FleetEdge): readonly string[] {
  const said = edge.gateways.flatMap(({ haproxy }) => haproxy ?? []);
  return [...new Set(said.map((version) => version.split(/[-+]/)[0] ?? version))].sort();
}

export function isDown({ status }: Pick<FleetServer, "status">): boolean {
  return status.startsWith("DOWN");
}

export function isOut({ status }: Pick<FleetServer, "status">): boolean {
  return /^(?:MAINT|DRAIN|NOLB)/.test(status);
}

export function countServers(servers: readonly FleetServer[]): ServerCount {
  return {
    all: servers.length,
    down: servers.filter(isDown).length,
    out: servers.filter(isOut).length,
  };
}

function canaryOf(edge: FleetEdge, { canaries }: FleetView): CanaryWord {
  const stands = canaries.filter(({ server_id }) => edge.servers.includes(server_id));
  const alarm = stands.find((stand) => stand.alarm != null)?.alarm;
  if (alarm === "unserved") return { status: "down", word: "not served" };
  if (alarm === "unmetered") return { status: "config-needed", word: "not metered" };
  const metered = stands.filter(({ metered_at }) => metered_at != null);
  if (metered.length === 0) return { status: "disabled", word: "none yet" };
  return { status: "ok", word: "through" };
}

/** Expected ones: one that nobody named and that was never seen is not waited for. */
export function isWaitedFor({ is_implied, state }: FleetEdge): boolean {
  return !is_implied || state !== "never_seen";
}

/** "8 expected, 7 current, 1 behind" */
export function fleetWords(edges: readonly FleetEdge[]): string {
  const expected = edges.filter(isWaitedFor);
  const states = Object.keys(STANDINGS) as Standing[];
  const parts = states.flatMap((state) => {
    const count = expected.filter((edge) => edge.state === state).length;
    return count === 0 ? [] : [`${count} ${STANDINGS[state].word.toLowerCase()}`];
  });
  return [`${expected.length} expected`, ...parts].join(", ");
}
