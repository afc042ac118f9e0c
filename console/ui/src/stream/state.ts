// What the usage stream says, as a pure function: state after = applyEvent(state before, event).
import type {
  Counts,
  Pipeline,
  StreamClock,
  StreamDelta,
  StreamReset,
  StreamSnapshot,
} from "../api";
import { addCounts } from "../counts";
import { type Arrival, addArrival } from "./arrivals";
import { dropOldMinutes, type Minute, mergeMinutes } from "./minutes";

export type StreamEvent =
  | { readonly type: "snapshot"; readonly data: StreamSnapshot }
  | { readonly type: "delta"; readonly data: StreamDelta }
  | { readonly type: "reset"; readonly data: StreamReset }
  /** Each second, to customers. */
  | { readonly type: "clock"; readonly data: StreamClock; readonly receivedAt: number }
  /** Each second, to operators: it tells the time too. */
  | { readonly type: "pipeline"; readonly data: Pipeline; readonly receivedAt: number };

export interface Usage {
  readonly epoch: number;
  /** Unix time in ms: everything up to here is counted. */
  readonly completeTo: number;
  /** "2026-11"; counts and rated are this month's. */
  readonly month: string;
  readonly counts: Counts;
  readonly ratedMicroUsd: number;
  readonly minutes: readonly Minute[];
  readonly arrivals: readonly Arrival[];
}

export interface UsageState {
  /** The last good figures; null until the first snapshot. */
  readonly usage: Usage | null;
  /** Deltas mean nothing until the snapshot that follows a reset. */
  readonly awaitingSnapshot: boolean;
  readonly pipeline: Pipeline | null;
  /** The server's clock minus this machine's, in ms. */
  readonly clockSkew: number;
}

export const INITIAL_STATE: UsageState = {
  usage: null,
  awaitingSnapshot: true,
  pipeline: null,
  clockSkew: 0,
};

/** The server's time, as well as this machine knows it: never before what is complete already. */
export function serverNow({ usage, clockSkew }: UsageState, localMs: number): number {
  return Math.max(localMs + clockSkew, usage?.completeTo ?? 0);
}

export function applyEvent(state: UsageState, event: StreamEvent): UsageState {
  switch (event.type) {
    case "snapshot":
      return { ...state, usage: fromSnapshot(event.data), awaitingSnapshot: false };
    case "delta":
      return applyDelta(state, event.data);
    case "reset":
      return { ...state, awaitingSnapshot: true };
    case "clock":
      return { ...state, clockSkew: skew(event) };
    case "pipeline":
      return { ...state, pipeline: event.data, clockSkew: skew(event) };
  }
}

function skew({ data, receivedAt }: { data: { now: string }; receivedAt: number }): number {
  return Date.parse(data.now) - receivedAt;
}

function fromSnapshot(snapshot: StreamSnapshot): Usage {
  const completeTo = Date.parse(snapshot.complete_to);
  return {
    epoch: snapshot.epoch,
    completeTo,
    month: snapshot.month,
    counts: snapshot.counts,
    ratedMicroUsd: snapshot.rated_micro_usd,
    minutes: dropOldMinutes(mergeMinutes([], snapshot.minutes), completeTo),
    arrivals: [],
  };
}

function applyDelta(state: UsageState, delta: StreamDelta): UsageState {
  const { usage, awaitingSnapshot } = state;
  if (usage === null || awaitingSnapshot || delta.epoch < usage.epoch) return state;
  if (delta.epoch === usage.epoch) return { ...state, usage: moveOn(usage, delta) };
  return { ...state, usage: addDelta(usage, delta) };
}

/** Without traffic the epoch may rest while time goes on: nothing is counted twice. */
function moveOn(usage: Usage, { complete_to }: StreamDelta): Usage {
  const completeTo = Math.max(usage.completeTo, Date.parse(complete_to));
  if (completeTo === usage.completeTo) return usage;
  return {
    ...usage,
    completeTo,
    minutes: dropOldMinutes(usage.minutes, completeTo),
    arrivals: addArrival(usage.arrivals, { from: usage.completeTo, to: completeTo, requests: 0 }),
  };
}

function addDelta(usage: Usage, delta: StreamDelta): Usage {
  const { completeTo, minutes, arrivals } = moveOn(usage, delta);
  return {
    epoch: delta.epoch,
    completeTo,
    month: usage.month,
    counts: addCounts(usage.counts, delta.counts),
    ratedMicroUsd: usage.ratedMicroUsd + delta.rated_micro_usd,
    minutes: dropOldMinutes(mergeMinutes(minutes, delta.minutes), completeTo),
    arrivals: withRequests(arrivals, delta.counts.requests),
  };
}

/** Puts a delta's requests on the span it moved the frontier by, or on the last one if it moved none. */
function withRequests(arrivals: readonly Arrival[], requests: number): readonly Arrival[] {
  const last = arrivals.at(-1);
  if (last === undefined) return arrivals;
  return [...arrivals.slice(0, -1), { ...last, requests: last.requests + requests }];
}
