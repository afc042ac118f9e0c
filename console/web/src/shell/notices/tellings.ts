// Notifications that are worth a line on every page, in words. What the account's state says by itself is not said twice.
import type { NotificationRow } from "@suiftly/ui/api/customer";

interface Telling {
  readonly id: number;
  readonly level: "bad" | "warn";
  readonly words: string;
}

const WORDS: Record<string, string> = {
  charge_refused: "A charge to your escrow was refused. It is tried again.",
  unexpected_charge: "Your escrow shows a charge that is not ours. Support looks into it.",
  renewal_failed: "A subscription could not be renewed for this month.",
  delivery_dead: "A message to your webhook or e-mail was given up after its last attempt.",
  alert_crossed: "An alert that you set was crossed.",
};

const LEVELS: Record<string, Telling["level"]> = { critical: "bad", warning: "warn" };

/** The most severe that nobody has acknowledged, the latest of them. */
export function toTell(told: readonly NotificationRow[]): Telling | null {
  const worth = told.flatMap(({ id, kind, severity, acknowledged_at }) => {
    const [level, words] = [LEVELS[severity], WORDS[kind]];
    return level && words && !acknowledged_at ? [{ id, level, words }] : [];
  });
  return worth.find(({ level }) => level === "bad") ?? worth[0] ?? null;
}
