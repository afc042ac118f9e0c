// What the biggest cell of a spike means, in one sentence, and what speaks for it.
import { formatDuration } from "@suiftly/ui";
import type { PhaseTimes } from "@suiftly/ui/api/admin";
import { eventWord } from "../words/events";
import { backendName, type Cell, type Cells, endWord } from "./cells";

interface Verdict {
  /** "93.5% is one cell:" */
  readonly share: string;
  /** "fra-2 waited 30 s for seal local 1 and gave up." */
  readonly said: string;
  /** "Connects stayed at 1 ms, so the network is fine; the backend itself did not answer." */
  readonly because: string | null;
}

/** From half on, one cell is the story. */
const HALF = 0.5;
/** A connection within a network is made this fast. */
const FAST_CONNECT_MS = 20;

export function verdict(
  { cells, requests }: Cells,
  serverName: (id: number | null) => string,
): Verdict | null {
  const [first] = cells;
  if (first === undefined || requests === 0) return null;
  const part = first.requests / requests;
  const share = `${percent(part)} is ${part >= HALF ? "one cell" : "the largest cell; no single one makes it"}:`;
  const id = first.group.server_id ?? null;
  const server = id === null ? "an unnamed server" : serverName(id);
  return { share, said: saidOf(first, server), because: becauseOf(first) };
}

/** "93.5%"; never all of it while something is missing. */
export function percent(part: number): string {
  if (part >= 1) return "100%";
  if (part <= 0) return "0%";
  return `${Math.min(99.9, Math.max(0.1, part * 100)).toFixed(1)}%`;
}

function saidOf(cell: Cell, server: string): string {
  const { event_type = 0 } = cell.group;
  const backend = backendName(cell.group);
  switch (event_type) {
    case 0:
      return saidOfClass(cell, server, backend);
    case 50:
      return `${backend} answered 500 to ${server}.`;
    case 51:
      return `${backend} broke off while ${server} waited for its answer.`;
    case 52:
      return `${backend} answered 503 to ${server}: it had nothing free.`;
    case 53:
      return `${server} waited ${waited(cell)}for ${backend} and gave up.`;
    case 54:
      return `${backend} answered ${server} with another error of its own.`;
    case 60:
      return `${backend} refused ${server}’s connections.`;
    case 61:
      return `${server} could not connect to ${backend} in time.`;
    case 62:
      return `${server} had no backend to ask for ${backend}.`;
    case 63:
      return `Requests stood in ${server}’s queue for ${backend} until their time was up.`;
    default:
      return `${server} turned requests for ${backend} away: ${eventWord(event_type)}.`;
  }
}

function waited({ phases }: Cell): string {
  const ms = phases && half(phases.total);
  return ms === null ? "" : `${formatDuration(ms)} `;
}

function saidOfClass(cell: Cell, server: string, backend: string): string {
  const { backend_id = 0, status_class = 0 } = cell.group;
  if (cell.phases === null) return `${backend} and ${server}: ${endWord(cell)}.`;
  if (backend_id === 0 && status_class >= 4)
    return `${server} rejected requests for ${backend} over their rate.`;
  if (status_class >= 4) return `${backend} answered ${status_class}xx to ${server}.`;
  return `${backend} answered ${server} well.`;
}

function becauseOf({ group, phases }: Cell): string | null {
  const { event_type = 0 } = group;
  if (phases === null) return null;
  const connect = ninetyNine(phases.connect);
  const response = half(phases.response);
  switch (event_type) {
    case 50:
    case 52:
    case 54:
      if (response === null) return null;
      return `It answered in ${formatDuration(response)}, so it is up and reached; it fails by itself.`;
    case 51:
      return connect === null
        ? null
        : `${connects(connect)} it broke off after it was connected to.`;
    case 53:
      return connect === null ? null : `${connects(connect)} the backend itself did not answer.`;
    case 60:
      return "No connection stood: nothing listens there, or it takes no more.";
    case 61:
      return "No connection stood: the backend is down, or the network to it.";
    case 63: {
      const queue = half(phases.queue);
      return queue === null ? null : `Half of them waited ${formatDuration(queue)} or longer.`;
    }
    default:
      return null;
  }
}

function connects(ms: number): string {
  const time = formatDuration(ms);
  if (ms <= FAST_CONNECT_MS) return `Connects stayed at ${time}, so the network is fine;`;
  return `Connects took up to ${time} as well, so look at the network too;`;
}

const half = ({ time_ms }: PhaseTimes) => time_ms?.p50 ?? null;
const ninetyNine = ({ time_ms }: PhaseTimes) => time_ms?.p99 ?? null;

/** Of customers or keys: whether it is one of them, or all. */
export function spreadWords(
  parts: readonly { readonly requests: number }[],
  requests: number,
  one: string,
): string | null {
  const [first] = parts;
  if (first === undefined || requests === 0) return null;
  const part = first.requests / requests;
  if (parts.length === 1) return `All of it is one ${one}.`;
  if (part >= HALF) return `${percent(part)} is one ${one}.`;
  return `No ${one} makes it alone: the largest has ${percent(part)}.`;
}
