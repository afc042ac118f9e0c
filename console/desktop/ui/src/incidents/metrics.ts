// Requests, errors, p99 and loss on the buckets of a span. What is not known is null, never zero.
import { formatCount } from "@suiftly/ui";
import type { InfraSeries, Series } from "@suiftly/ui/api/admin";
import type { LossHistory } from "../fleet/lossHistory";
import { type Span, timesOf } from "./span";

export interface Metric {
  readonly key: "requests" | "errors" | "p99" | "loss";
  readonly word: string;
  readonly unit: string;
  readonly values: readonly (number | null)[];
}

export interface Metrics {
  readonly of: readonly Metric[];
  /** The place of the bucket that still fills: its figures are not all of it. Null: none does. */
  readonly filling: number | null;
}

export function metrics(
  span: Span,
  infra: InfraSeries | undefined,
  usage: Series | undefined,
  losses: LossHistory,
): Metrics {
  const times = timesOf(span);
  const rows = new Map(infra?.points.map(({ start, groups }) => [Date.parse(start), groups[0]]));
  const errors = new Map(
    usage?.points.map(({ start, counts }) => [Date.parse(start), counts.server_error]),
  );
  // Buckets without requests are left out of what the server counted.
  const counted = (of: InfraSeries | Series | undefined, at: number) =>
    of !== undefined && at >= Date.parse(of.from) && at < Date.parse(of.complete_to);
  const end = infra === undefined ? null : Date.parse(infra.complete_to);
  const of = (value: (at: number) => number | null) =>
    times.map((at) => (end === null || at < end ? value(at) : null));
  return {
    filling: fillingOf(times, span.step, end),
    of: [
      {
        key: "requests",
        word: "Requests",
        unit: "",
        values: of((at) => rows.get(at)?.requests ?? (counted(infra, at) ? 0 : null)),
      },
      {
        key: "errors",
        word: "Server errors",
        unit: "",
        values: of((at) => errors.get(at) ?? (counted(usage, at) ? 0 : null)),
      },
      {
        key: "p99",
        word: "p99",
        unit: "ms",
        values: of((at) => rows.get(at)?.phases.total.time_ms?.p99 ?? null),
      },
      {
        key: "loss",
        word: "Lines lost",
        unit: "",
        values: of((at) => lostIn(losses, at, at + span.step)),
      },
    ],
  };
}

/** The bucket that what is complete ends in. */
export function fillingOf(
  times: readonly number[],
  step: number,
  end: number | null,
): number | null {
  if (end === null) return null;
  const at = times.findIndex((start) => start < end && start + step > end);
  return at === -1 ? null : at;
}

/** "10,829", "313 ms" */
export function say(value: number | null | undefined, unit: string): string {
  const count = formatCount(value == null ? null : Math.round(value));
  return unit === "" ? count : `${count} ${unit}`;
}

/** All of one bucket in a line. */
export function sayAll({ of, filling }: Metrics, at: number): string {
  const words = of.map(({ word, values, unit }) => `${word} ${say(values[at], unit)}`).join(" · ");
  return at === filling ? `${words} · so far` : words;
}

/** What went missing between two samples that hold the bucket; null where the window did not see it. */
export function lostIn(losses: LossHistory, from: number, to: number): number | null {
  const before = losses.findLast(({ at }) => at <= from);
  const after = losses.findLast(({ at }) => at <= to);
  if (before === undefined || after === undefined || after === before) return null;
  const sum = (missing: ReadonlyMap<number, number>) =>
    [...missing.values()].reduce((a, b) => a + b, 0);
  return Math.max(0, sum(after.missing) - sum(before.missing));
}
