// What a version of the vault changed, in people’s terms.
import { formatCount } from "@suiftly/ui";
import type { VaultChange, VaultChanges } from "@suiftly/ui/api/admin";

export type Sign = "+" | "−" | "~";

interface ChangeWord {
  readonly sign: Sign;
  /** "2 stopped" */
  readonly counted: string;
  /** What is said of one. */
  readonly words: string;
}

const WORDS: Readonly<Record<string, ChangeWord>> = {
  issued: { sign: "+", counted: "new", words: "new key" },
  restored: { sign: "+", counted: "restored", words: "key works again" },
  revoked: { sign: "−", counted: "revoked", words: "key revoked" },
  deleted: { sign: "−", counted: "deleted", words: "key deleted" },
  granted: { sign: "+", counted: "let in", words: "let in" },
  withdrawn: { sign: "−", counted: "withdrawn", words: "access withdrawn" },
  stopped: { sign: "−", counted: "stopped", words: "stopped" },
  resumed: { sign: "+", counted: "resumed", words: "resumed" },
  stopped_otherwise: { sign: "~", counted: "stopped otherwise", words: "still stopped" },
  enabled: { sign: "+", counted: "enabled", words: "service enabled" },
  disabled: { sign: "−", counted: "disabled", words: "service disabled" },
  raised: { sign: "~", counted: "raised", words: "limits raised" },
  lowered: { sign: "~", counted: "lowered", words: "limits lowered" },
  allowlist: { sign: "~", counted: "allowlist", words: "allowlist" },
  changed: { sign: "~", counted: "changed", words: "key changed" },
};

/** The order in which counts are told: who lost access first. */
const ORDER = Object.keys(WORDS).toSorted((a, b) => rank(wordOf(a).sign) - rank(wordOf(b).sign));

function rank(sign: Sign): number {
  return ["−", "+", "~"].indexOf(sign);
}

function wordOf(what: string): ChangeWord {
  const plain = what.replaceAll("_", " ");
  return (
    (Object.hasOwn(WORDS, what) ? WORDS[what] : undefined) ?? {
      sign: "~",
      counted: plain,
      words: plain,
    }
  );
}

/** "3 stopped, 1 new, 1 raised"; of a version that changed nobody’s access, so. */
export function countWords({ counts }: Pick<VaultChanges, "counts">): string {
  const whats = Object.keys(counts).filter((what) => (counts[what] ?? 0) > 0);
  if (whats.length === 0) return "nobody’s access";
  return whats
    .toSorted((a, b) => place(a) - place(b))
    .map((what) => `${formatCount(counts[what] ?? 0)} ${wordOf(what).counted}`)
    .join(", ");
}

function place(what: string): number {
  const at = ORDER.indexOf(what);
  return at < 0 ? ORDER.length : at;
}

/** How many rows begin with each sign. */
export function signCounts({
  counts,
}: Pick<VaultChanges, "counts">): Readonly<Record<Sign, number>> {
  const signs = { "+": 0, "−": 0, "~": 0 };
  for (const [what, count] of Object.entries(counts)) signs[wordOf(what).sign] += count;
  return signs;
}

export interface ChangeWords {
  readonly sign: Sign;
  readonly words: string;
  /** Why, or from what to what. */
  readonly why: string | null;
}

export function changeWords({ what, detail }: Pick<VaultChange, "what" | "detail">): ChangeWords {
  const { sign, words } = wordOf(what);
  return { sign, words, why: detail == null ? null : whyOf(what, detail) };
}

const STATES: Readonly<Record<string, string>> = {
  active: "may spend",
  monthly_limit: "month’s limit reached",
  insufficient_balance: "balance short",
  suspended: "suspended",
  closed: "account closed",
};

function whyOf(what: string, detail: string): string {
  const [from = "", to = ""] = detail.split(" → ");
  switch (what) {
    case "stopped":
      return STATES[to] ?? to;
    case "resumed":
      return `was: ${STATES[from] ?? from}`;
    case "stopped_otherwise":
      return `${STATES[from] ?? from} → ${STATES[to] ?? to}`;
    case "raised":
    case "lowered":
      return limitWords(detail) ?? detail;
    default:
      return detail;
  }
}

const LIMITS = /^(\d+)\/(\d+) → (\d+)\/(\d+) a second$/;

/** "50/100 → 1000/100 a second" → "50 → 1,000 / s": the part that changed alone. */
function limitWords(detail: string): string | null {
  const found = LIMITS.exec(detail)?.slice(1).map(Number);
  if (found === undefined) return null;
  const [from = 0, fromBurst = 0, to = 0, toBurst = 0] = found;
  const parts: string[] = [];
  if (from !== to) parts.push(`${formatCount(from)} → ${formatCount(to)} / s`);
  if (fromBurst !== toBurst)
    parts.push(`burst ${formatCount(fromBurst)} → ${formatCount(toBurst)} / s`);
  return parts.join(", ");
}
