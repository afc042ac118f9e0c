// The one word that the tab's title carries while something is not as it should be.
import type { LiveLevel } from "../../app/live";
import type { Condition } from "./conditions";

const WORDS: Partial<Record<Condition["is"], string>> = {
  suspended: "Suspended",
  short: "Suspended",
  limit: "Suspended",
  closed: "Closed",
  down: "Down",
};

const LEVELS: Partial<Record<LiveLevel, string>> = { late: "Behind", stale: "Stopped" };

/** That nothing is served weighs more than that it is not seen. */
export function conditionWord(conditions: readonly Condition[], level: LiveLevel): string | null {
  const word = conditions.map(({ is }) => WORDS[is]).find((one) => one !== undefined);
  return word ?? LEVELS[level] ?? null;
}
