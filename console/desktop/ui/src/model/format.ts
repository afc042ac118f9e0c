// Figures of the trust bar as text. Whole counts are formatted by @suiftly/ui.
import { formatCount } from "@suiftly/ui";

export interface Figure {
  readonly value: string;
  readonly unit: string;
}

/** A measured span: "48 ms", "1.24 s". */
export function formatMillis(ms: number): Figure {
  if (ms < 1_000) return { value: String(Math.round(ms)), unit: "ms" };
  if (ms < 100_000) return { value: (ms / 1_000).toFixed(2), unit: "s" };
  return { value: formatCount(Math.round(ms / 1_000)), unit: "s" };
}

/** Parts in a million: never "0" while something is missing. */
export function formatPpm(ppm: number): string {
  if (ppm === 0) return "0";
  if (ppm < 0.1) return "<0.1";
  return ppm < 99.95 ? ppm.toFixed(1) : formatCount(Math.round(ppm));
}

const SCALES = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e4, "k"],
] as const;

/** A count to three digits where its size matters, not its units: 174,512,008 → "174 M". */
export function formatLarge(count: number): string {
  for (const [least, letter] of SCALES) {
    if (count < least) continue;
    const scaled = count / (letter === "k" ? 1e3 : least);
    return `${scaled < 100 ? cut(scaled) : Math.floor(scaled)} ${letter}`;
  }
  return formatCount(count);
}

/** One decimal, cut rather than rounded: 99.96 is not 100. */
function cut(value: number): string {
  const tenths = Math.floor(value * 10);
  return tenths % 10 === 0 ? String(tenths / 10) : (tenths / 10).toFixed(1);
}
