// Which notifications are shown, and which of them an act is for.
import type { NoticeItem } from "@suiftly/ui/api/admin";
import { SEVERITIES, type Severity, severityOf } from "../words/notices";

export function isOpen({ acknowledged_at }: Pick<NoticeItem, "acknowledged_at">): boolean {
  return acknowledged_at == null;
}

/** Open ones first, the gravest first, then the latest; in the history the latest first alone. */
export function shownNotices(
  items: readonly NoticeItem[],
  severity: Severity | null,
  history: boolean,
): readonly NoticeItem[] {
  const wanted = items.filter(
    (item) => severity === null || severityOf(item.severity) === severity,
  );
  if (history) return wanted;
  return wanted.toSorted((a, b) => rank(a) - rank(b) || b.id - a.id);
}

function rank(item: NoticeItem): number {
  return SEVERITIES.indexOf(severityOf(item.severity));
}

export function countBySeverity(items: readonly NoticeItem[]): Readonly<Record<Severity, number>> {
  const counts = { critical: 0, warning: 0, info: 0 };
  for (const item of items) counts[severityOf(item.severity)] += 1;
  return counts;
}

/** Those that are marked and still open; without any, the one looked at. */
export function targets(
  items: readonly NoticeItem[],
  marked: ReadonlySet<number>,
  current: number | null,
): readonly number[] {
  const open = items.filter(isOpen).map(({ id }) => id);
  const chosen = open.filter((id) => marked.has(id));
  return chosen.length > 0 ? chosen : open.filter((id) => id === current);
}

/** What comes after the last that was acted on: the next to look at. */
export function nextAfter(items: readonly NoticeItem[], gone: readonly number[]): number | null {
  const last = items.findLastIndex(({ id }) => gone.includes(id));
  const rest = (item: NoticeItem) => !gone.includes(item.id);
  return (
    (items.slice(last + 1).find(rest) ?? items.slice(0, Math.max(0, last)).findLast(rest))?.id ??
    null
  );
}
