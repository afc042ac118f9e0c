// What saving a list does, in words.
import { formatCount } from "@suiftly/ui";
import { sameList } from "./list";

/** What becomes of requests once the addresses are saved; null where nothing is changed. */
export function addressEffect(before: readonly string[], after: readonly string[]): string | null {
  if (sameList(before, after)) return null;
  if (after.length === 0) return "Every address may call. Applies within a second.";
  const only =
    after.length === 1
      ? "Only this address or network may call."
      : `Only these ${formatCount(after.length)} addresses and networks may call.`;
  return `${only} Others get 403, free of charge. Applies within a second.`;
}

/** "3 of 20" */
export function countOf(values: readonly string[], max: number): string {
  return `${formatCount(values.length)} of ${formatCount(max)}`;
}
