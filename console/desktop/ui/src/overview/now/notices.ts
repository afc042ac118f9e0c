// Notifications that nobody has acknowledged, those of a kind as one sentence.
import { formatCount } from "@suiftly/ui";
import type { NoticeItem } from "@suiftly/ui/api/admin";
import { noticeWords } from "../../words/notices";
import { type Concern, PLAIN, type Severity } from "./concern";

/** What is only told, as a deposit is, needs nobody. */
const SEVERITIES: Readonly<Record<string, Severity>> = { warning: "warn", critical: "bad" };

export function noticeConcerns(notices: readonly NoticeItem[]): readonly Concern[] {
  const kinds = new Map<string, NoticeItem[]>();
  for (const notice of notices) {
    if (SEVERITIES[notice.severity] === undefined) continue;
    const kind = `${notice.severity}/${notice.kind}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), notice]);
  }
  return [...kinds.values()].flatMap((all) => {
    const latest = all.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
    const [first] = latest;
    return first === undefined ? [] : [concernOf(first, all.length - 1)];
  });
}

function concernOf(notice: NoticeItem, more: number): Concern {
  const { title, detail } = noticeWords(notice);
  const others = more === 0 ? "" : `And ${formatCount(more)} more like it.`;
  return {
    ...PLAIN,
    key: `notice/${notice.id}`,
    severity: SEVERITIES[notice.severity] ?? "note",
    at: Date.parse(notice.created_at),
    customerId: notice.customer_id ?? null,
    lead: title.endsWith(".") ? title : `${title}.`,
    rest: [detail, others].filter((words) => words).join(" "),
    goes: { to: "/notifications", search: more === 0 ? { id: notice.id } : {} },
  };
}
