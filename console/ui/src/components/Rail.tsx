import type { Counts } from "../api";
import { CLASSES } from "../classes";
import { formatShare } from "../format/number";

/** Shares of a whole, by class. No part is under 2 px, however small. */
export function Rail({ counts }: { counts: Counts }) {
  const present = CLASSES.filter(({ key }) => counts[key] > 0);
  const shares = present.map(
    ({ key, word }) => `${word} ${formatShare(counts[key], counts.requests)}`,
  );
  return (
    <div
      className="rail"
      role="img"
      aria-label={shares.join(", ") || "No requests"}
      data-empty={present.length === 0}
    >
      {present.map(({ key }) => (
        <i key={key} data-class={key} style={{ flexGrow: counts[key] }} />
      ))}
    </div>
  );
}
