// The quarantine's codes in words.
import type { QuarantineLine } from "@suiftly/ui/api/admin";
import { REASONS } from "../lines/fates";

/** "unknown_format" → "Of no known format" */
export function reasonWord(code: string): string {
  const word = REASONS[code] ?? code.replaceAll("_", " ");
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

type Fate = Pick<QuarantineLine, "outcome" | "requested_at">;

type Stand = "kept" | "under_way" | "record" | "done" | "again";

/** How a line stands: never given again, on its way, become something, or rejected once more. */
export function standOf({ outcome, requested_at }: Fate): Stand {
  if (outcome == null) return requested_at == null ? "kept" : "under_way";
  if (outcome === "accepted") return "record";
  return outcome === "duplicate" || outcome === "system" ? "done" : "again";
}

/** Neither under way nor something already. */
export function canBeGiven(line: Fate): boolean {
  const stand = standOf(line);
  return stand === "kept" || stand === "again";
}

export function outcomeWord(line: Fate): string {
  switch (standOf(line)) {
    case "kept":
      return "kept";
    case "under_way":
      return "under way";
    case "record":
      return "became a record";
    case "done":
      return line.outcome === "duplicate"
        ? "a record it already was"
        : "one of HAProxy’s own messages";
    case "again":
      return `rejected again: ${REASONS[line.outcome ?? ""] ?? line.outcome}`;
  }
}
