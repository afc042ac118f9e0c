// Notifications in words: what happened, what follows, what to do, and where to look.
import { MONEY } from "./notices/money";
import { customerPlace, type NoticeWords, type Say, type Told } from "./notices/shape";
import { SYSTEM } from "./notices/system";

export type { NoticePlace, NoticeWords } from "./notices/shape";

const SAY: Readonly<Record<string, Say>> = { ...MONEY, ...SYSTEM };

/** Every kind that has words. */
export const NOTICE_KINDS: readonly string[] = Object.keys(SAY);

export function noticeWords(notice: Told): NoticeWords {
  const say = Object.hasOwn(SAY, notice.kind) ? SAY[notice.kind] : undefined;
  return say?.(notice.body, notice) ?? unknownKind(notice);
}

/** Of a server that is newer than this window: its own word stands. */
function unknownKind(notice: Told): NoticeWords {
  const words = notice.kind.replaceAll("_", " ");
  return {
    title: `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`,
    detail: null,
    todo: null,
    place: customerPlace(notice),
  };
}

export type Severity = "info" | "warning" | "critical";

/** How grave, the gravest first. */
export const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: "Critical",
  warning: "Warning",
  info: "Good to know",
};

export function severityOf(word: string): Severity {
  return SEVERITIES.find((severity) => severity === word) ?? "info";
}
