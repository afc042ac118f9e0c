import { percent } from "./verdict";

/** From half on a cell is loud. */
const LOUD = 0.5;

/** A part of the whole as a bar. */
export function Share({ of, whole }: { of: number; whole: number }) {
  const part = whole === 0 ? 0 : of / whole;
  return (
    <span className="drill-share" title={percent(part)}>
      <i data-loud={part >= LOUD} style={{ width: `${Math.max(1, part * 100)}%` }} />
    </span>
  );
}
