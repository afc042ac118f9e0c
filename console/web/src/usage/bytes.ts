// Bytes over time, in the one unit that suits the largest.
import { formatBytes, type Point } from "@suiftly/ui";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export interface BytesOver {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly unit: string;
}

/** A step that still fills is left out: it would read as if less were sent. */
export function bytesOver(points: readonly Point[]): BytesOver {
  const whole = points.filter(({ truth }) => truth !== "filling");
  const most = whole.reduce((top, { counts }) => Math.max(top, counts.bytes_sent), 0);
  const { unit } = formatBytes(most);
  const divisor = 1024 ** Math.max(0, UNITS.indexOf(unit));
  return {
    times: whole.map(({ start }) => start),
    values: whole.map(({ counts, truth }) =>
      truth === "unknown" ? null : counts.bytes_sent / divisor,
    ),
    unit,
  };
}
