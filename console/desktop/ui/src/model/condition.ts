// May I believe this screen? One word, the gravest thing first.
import {
  type FreshnessLevel,
  formatCount,
  formatMoment,
  formatSpan,
  freshness,
  type Status,
} from "@suiftly/ui";
import type { ConsoleView } from "../link/follow";

interface Condition {
  readonly status: Status;
  readonly word: string;
  /** The word in a sentence. */
  readonly detail: string;
}

/** The moment that every figure on the screen holds for; null before the first figures. */
export function figuresHoldFor({ server: { usage } }: ConsoleView): number | null {
  const { usage: counts, pipeline } = usage;
  const pipelineAt = pipeline === null ? null : Date.parse(pipeline.now);
  if (counts === null) return pipelineAt;
  return pipelineAt === null ? counts.completeTo : Math.min(counts.completeTo, pipelineAt);
}

export function figuresLevel(view: ConsoleView): FreshnessLevel {
  const at = figuresHoldFor(view);
  return at === null ? "live" : freshness(at, view.now).level;
}

export function condition(view: ConsoleView): Condition {
  return disconnected(view) ?? behind(view) ?? inexact(view);
}

function disconnected(view: ConsoleView): Condition | null {
  const { status, server } = view;
  switch (status.phase) {
    case "idle":
      return { status: "disabled", word: "No server", detail: "No server has been named yet." };
    case "refused":
      return { status: "down", word: "Refused", detail: sentence(status.reason) };
    case "broken":
      return { status: "down", word: "Broken", detail: "This console's own link failed." };
    case "unreachable":
      return { status: "down", word: "No contact", detail: sentence(status.reason) };
    case "connecting":
    case "open":
      if (server.usage.pipeline !== null) return null;
      return { status: "updating", word: "Connecting", detail: `Waiting for ${view.address}.` };
  }
}

function behind(view: ConsoleView): Condition | null {
  const at = figuresHoldFor(view);
  if (at === null) return null;
  const { level, behindMs } = freshness(at, view.now);
  if (level === "live") return null;
  const span = formatSpan(behindMs);
  if (level === "late") {
    return {
      status: "config-needed",
      word: `${span} behind`,
      detail: `Figures are ${span} behind.`,
    };
  }
  const moment = formatMoment(at, view.now);
  return { status: "down", word: "Stopped", detail: `Figures stopped at ${moment}.` };
}

function inexact({ server }: ConsoleView): Condition {
  const loss = server.usage.pipeline?.loss;
  const conflicts = server.usage.pipeline?.lines.conflicts ?? 0;
  if (loss !== undefined && loss.missing > 0) {
    const missing = formatCount(loss.missing);
    const detail = `${missing} ${loss.missing === 1 ? "line" : "lines"} never arrived.`;
    return { status: "config-needed", word: "Lines missing", detail };
  }
  if (conflicts > 0) {
    const detail = `${formatCount(conflicts)} lines came twice with different bodies.`;
    return { status: "config-needed", word: "Conflicts", detail };
  }
  return { status: "ok", word: "Exact", detail: "Every line is counted once." };
}

/** With a capital and a full stop; an address at the front stays as it is written. */
export function sentence(words: string): string {
  if (/^[a-z]+:\/\//.test(words)) return `${words}.`;
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}

/** How grave a condition is, for the tray. */
export function levelOf(status: Status): "ok" | "warn" | "bad" | "unknown" {
  if (status === "ok") return "ok";
  if (status === "config-needed") return "warn";
  return status === "down" ? "bad" : "unknown";
}
