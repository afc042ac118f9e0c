import { formatCount, formatDuration, formatSpan } from "@suiftly/ui";
import { PART_WORDS, type ReachRow } from "./reach";

/** One edge’s bar in words. */
export function reachWords({ edge, reach }: ReachRow): string {
  if (reach.state === "passed") return "went past it, or it is no longer remembered";
  if (reach.state === "not_yet") {
    const has = edge.version == null ? "nothing that is known" : `v${formatCount(edge.version)}`;
    return `not yet, for ${formatSpan(reach.lateMs)}; it enforces ${has}`;
  }
  const { changes, is_refill } = reach.applied;
  const rows = `${formatCount(changes)} ${changes === 1 ? "row" : "rows"}${is_refill ? ", filled anew" : ""}`;
  const parts = reach.parts.map(
    ({ key, from, to }) => `${PART_WORDS[key]} ${(to - from).toFixed(to - from < 10 ? 1 : 0)} ms`,
  );
  return `${formatDuration(reach.took)}: ${parts.join(", ")}. ${rows}.`;
}
