// Classes of requests that come far more often in the last minutes than the hour's usual.
import {
  type ClassKey,
  formatCount,
  formatShare,
  MINUTE_MS,
  type Minute,
  sumCounts,
} from "@suiftly/ui";
import { minuteOf, rfc3339 } from "../span";
import { type Concern, PLAIN, type Severity } from "./concern";

interface Watched {
  readonly key: ClassKey;
  readonly words: string;
  readonly severity: Severity;
  /** Of all requests of these minutes: less is no spike, however rare it was. */
  readonly leastPart: number;
}

const WATCHED: readonly Watched[] = [
  { key: "server_error", words: "Server errors", severity: "bad", leastPart: 0.005 },
  { key: "rejected", words: "Rejections", severity: "warn", leastPart: 0.05 },
  { key: "client_error", words: "Client errors", severity: "warn", leastPart: 0.05 },
];

/** Whole minutes that are looked at, those they are held against, and how many of those it takes. */
const LAST = 5;
const TIMES = 5;
const LEAST = 20;
const LEAST_KNOWN = 10;

export function spikeConcerns(minutes: readonly Minute[], completeTo: number): readonly Concern[] {
  const to = minuteOf(completeTo);
  const from = to - LAST * MINUTE_MS;
  const recent = minutes.filter(({ start }) => start >= from && start < to);
  const before = minutes.filter(({ start }) => start < from);
  const now = sumCounts(recent.map(({ counts }) => counts));
  // Before a few minutes are known nothing is unusual.
  if (before.length < LEAST_KNOWN) return [];
  return WATCHED.flatMap(({ key, words, severity, leastPart }): Concern[] => {
    const count = now[key];
    const usual = median(before.map(({ counts }) => counts[key])) * LAST;
    if (count < LEAST || count < TIMES * usual || count < leastPart * now.requests) return [];
    const start = recent.find(({ counts }) => counts[key] * LAST >= TIMES * usual)?.start ?? from;
    return [
      {
        ...PLAIN,
        key: `spike/${key}`,
        severity,
        at: start,
        lead: `${words} are ${howMuch(count, usual)}.`,
        rest:
          `${formatCount(count)} in the last ${LAST} minutes, ` +
          `${formatShare(count, now.requests)} of all requests.`,
        goes: {
          to: "/drill",
          search: { measure: key, from: rfc3339(from), to: rfc3339(to) },
        },
      },
    ];
  });
}

function howMuch(count: number, usual: number): string {
  return usual === 0 ? "coming in; there were next to none" : `up ${Math.round(count / usual)}×`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length - 1 - middle] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}
