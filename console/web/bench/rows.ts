// Figures as the other benchmarks tell them: a table for people, and JSON for later comparison.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname } from "node:path";

export interface Row {
  readonly case: string;
  readonly subject: string;
  readonly unit: string;
  /** The median of the runs. */
  readonly value: number;
  readonly runs: readonly number[];
}

export function row(name: string, runs: readonly number[], unit = "ms"): Row {
  return { case: name, subject: "dashboard", unit, value: quantile(runs, 0.5), runs };
}

/** p50, p99 and the worst. */
export function quantiles(name: string, runs: readonly number[]): Row[] {
  const of = (word: string, share: number) => row(`${name}, ${word}`, [quantile(runs, share)]);
  return [of("p50", 0.5), of("p99", 0.99), of("max", 1)];
}

/** The least value that so large a share is not above; of an even number the median is between two. */
export function quantile(runs: readonly number[], share: number): number {
  const sorted = runs.toSorted((a, b) => a - b);
  const at = Math.max(1, Math.ceil(sorted.length * share)) - 1;
  const found = sorted[at];
  if (found === undefined) throw new Error("a figure comes from at least one run");
  const next = sorted[at + 1];
  const isBetween = share === 0.5 && sorted.length % 2 === 0 && next !== undefined;
  return isBetween ? (found + next) / 2 : found;
}

export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ case: name, subject, unit, value, runs }) => {
    const spread = `${figure(Math.min(...runs))} – ${figure(Math.max(...runs))}`;
    return [name, subject, figure(value), unit, spread, String(runs.length)];
  });
  const lines = [["case", "subject", "median", "unit", "min – max", "runs"], ...cells];
  const widths = [0, 1, 2, 3, 4, 5].map((at) =>
    Math.max(...lines.map((line) => line[at]?.length ?? 0)),
  );
  const padded = lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)));
  return padded.map((line) => line.join("  ").trimEnd()).join("\n");
}

function figure(value: number): string {
  return value.toFixed(3);
}

export function machine(chromium: string): string {
  const processors = cpus();
  const load = loadavg().map((average) => average.toFixed(2));
  const processor = processors[0]?.model ?? "an unknown processor";
  return `${processors.length} × ${processor}, load average ${load.join(" ")}; Chromium ${chromium}, Node ${process.versions.node}`;
}

export function write(path: string, rows: readonly Row[]) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(rows, null, 2)}\n`);
}
