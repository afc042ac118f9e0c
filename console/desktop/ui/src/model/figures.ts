// The trust bar's figures, each with the bound it is held to and its last minute.
import { formatCount, formatRate, type Pipeline, UNKNOWN } from "@suiftly/ui";
import { formatLarge, formatMillis, formatPpm } from "./format";

/** Bounds shown beside the figures. Over one, the figure is marked. */
export const LAG_BOUND_MS = 1_000;
export const FRONTIER_BOUND_MS = 1_000;
export const LOSS_BOUND_PPM = 10;
export const SYNC_BOUND_MS = 10;

export interface TrustFigure {
  readonly key: "ingest" | "lag" | "frontier" | "loss" | "unreadable" | "sync";
  readonly label: string;
  /** Right of the label: the bound, or what the figure is a part of. */
  readonly note: string;
  readonly value: string;
  readonly unit: string;
  /** The figure unrounded; null is unknown. */
  readonly raw: number | null;
  readonly over: boolean;
  readonly history: readonly number[];
}

type Spec = Pick<TrustFigure, "key" | "label"> & {
  readonly read: (pipeline: Pipeline) => number;
  readonly show: (raw: number) => { readonly value: string; readonly unit: string };
  readonly note: (pipeline: Pipeline | null) => string;
  readonly bound?: number;
};

const SPECS: readonly Spec[] = [
  {
    key: "ingest",
    label: "Ingest",
    read: ({ lines_per_second }) => lines_per_second,
    show: (rate) => ({ value: formatRate(rate), unit: "lines/s" }),
    note: () => "",
  },
  {
    key: "lag",
    label: "Lag p99",
    read: ({ lag_ms }) => lag_ms.p99,
    show: formatMillis,
    note: () => "≤ 1 s",
    bound: LAG_BOUND_MS,
  },
  {
    key: "frontier",
    label: "Frontier age",
    read: ({ frontier_age_ms }) => frontier_age_ms,
    show: formatMillis,
    note: () => "≤ 1 s",
    bound: FRONTIER_BOUND_MS,
  },
  {
    key: "loss",
    label: "Loss",
    read: ({ loss }) => loss.ppm,
    show: (ppm) => ({ value: formatPpm(ppm), unit: "ppm" }),
    note: (pipeline) => withMissing(pipeline, `≤ ${LOSS_BOUND_PPM}`),
    bound: LOSS_BOUND_PPM,
  },
  {
    key: "unreadable",
    label: "Unreadable",
    read: ({ lines }) => lines.rejected,
    show: (lines) => ({ value: formatCount(lines), unit: lines === 1 ? "line" : "lines" }),
    note: (pipeline) => (pipeline === null ? "" : `of ${formatLarge(pipeline.lines.received)}`),
  },
  {
    key: "sync",
    label: "Journal sync",
    read: ({ journal }) => journal.sync_p99_ms,
    show: (ms) => ({ ...formatMillis(ms), unit: `${formatMillis(ms).unit} p99` }),
    note: () => `≤ ${SYNC_BOUND_MS} ms`,
    bound: SYNC_BOUND_MS,
  },
];

export function trustFigures(
  pipeline: Pipeline | null,
  history: readonly Pipeline[],
): readonly TrustFigure[] {
  return SPECS.map(({ key, label, read, show, note, bound }) => {
    const raw = pipeline === null ? null : read(pipeline);
    const shown = raw === null ? { value: UNKNOWN, unit: "" } : show(raw);
    const over = raw !== null && bound !== undefined && raw > bound;
    return { key, label, note: note(pipeline), ...shown, raw, over, history: history.map(read) };
  });
}

function withMissing(pipeline: Pipeline | null, bound: string): string {
  const missing = pipeline?.loss.missing ?? 0;
  return missing === 0 ? bound : `${formatLarge(missing)} missing · ${bound}`;
}
