import type { ReactNode } from "react";

export type Status = "ok" | "updating" | "config-needed" | "disabled" | "suspended" | "down";

const WORDS: Record<Status, string> = {
  ok: "OK",
  updating: "Updating",
  "config-needed": "Config needed",
  disabled: "Disabled",
  suspended: "Suspended",
  down: "Down",
};

const SHAPES: Record<Status, ReactNode> = {
  ok: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  updating: (
    <>
      <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.4" />
      <path d="M5 1a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  "config-needed": (
    <rect
      x="1.2"
      y="1.2"
      width="7.6"
      height="7.6"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    />
  ),
  disabled: <path d="M1 5h8" stroke="currentColor" strokeWidth="1.8" />,
  suspended: <path d="M3 1v8M7 1v8" stroke="currentColor" strokeWidth="2" />,
  down: <path d="M5 0l5 5-5 5-5-5z" fill="currentColor" />,
};

/** The shape alone, where a word of its own stands beside it. */
export function Glyph({ of }: { of: Status }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {SHAPES[of]}
    </svg>
  );
}

/** A status is shape, word and colour together. */
export function StatusGlyph({ status, word }: { status: Status; word?: string }) {
  return (
    <span className="status" data-status={status}>
      <Glyph of={status} />
      {word ?? WORDS[status]}
    </span>
  );
}
