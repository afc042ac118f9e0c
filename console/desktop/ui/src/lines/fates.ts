// What became of the lines received, in words.
import type { Pipeline } from "@suiftly/ui";

export interface Fate {
  readonly key: string;
  readonly word: string;
  readonly lines: number;
  /** The code that metrics and quarantine use, where there is one. */
  readonly code?: string;
  readonly kind: "total" | "part" | "reason" | "outside";
  /** Worth looking at. */
  readonly alarming: boolean;
}

export const REASONS: Readonly<Record<string, string>> = {
  syslog_header: "no syslog header",
  not_utf8: "not UTF-8",
  unknown_format: "of no known format",
  sf1_version: "SF line of an unknown version",
  sf1_tokens: "other than 30 tokens",
  sf1_number: "a number that is none",
  sf1_range: "a number out of range",
  sf1_address: "a client address that is none",
  sf1_text: "text out of shape",
  sf1_identity: "no worker, number or server",
  httplog_shape: "httplog with parts missing",
  httplog_number: "httplog number that is none",
  httplog_date: "httplog date that is none",
  format_shape: "not of its format’s shape",
  format_value: "a value its format cannot have",
  format_identity: "no worker, number or server in its format",
  repeated: "a relay’s repeats of an unknown line",
  source: "speaks for a server its source may not",
  time_window: "dated too far off",
  conflict: "known line, other body",
  reference: "a change of reference data that cannot be read",
  oversize: "too long",
  truncated: "cut off at the end",
};

export function fates({ lines, udp_kernel_drops }: Pipeline): readonly Fate[] {
  const part = (key: string, word: string, count: number, alarming = false): Fate => ({
    key,
    word,
    lines: count,
    kind: "part",
    alarming: alarming && count > 0,
  });
  return [
    { key: "received", word: "Received", lines: lines.received, kind: "total", alarming: false },
    part("accepted", "Accepted", lines.accepted),
    part("second-home", "Copies by a second home, dropped", lines.second_home),
    part("duplicates", "Duplicates, dropped", lines.duplicates),
    part("conflicts", "Conflicts", lines.conflicts, true),
    part("system", "HAProxy’s own messages", lines.system),
    part("rejected", "Unreadable", lines.rejected, true),
    ...reasons(lines.rejected_by_reason),
    {
      key: "kernel-drops",
      word: "UDP dropped by the kernel",
      lines: udp_kernel_drops,
      kind: "outside",
      alarming: udp_kernel_drops > 0,
    },
  ];
}

/** Most frequent first; a reason that never struck is left out. */
function reasons(counts: Readonly<Record<string, number>>): readonly Fate[] {
  return Object.entries(counts)
    .filter(([, lines]) => lines > 0)
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([code, lines]) => ({
      key: `reason-${code}`,
      word: REASONS[code] ?? code,
      lines,
      code,
      kind: "reason",
      alarming: false,
    }));
}
