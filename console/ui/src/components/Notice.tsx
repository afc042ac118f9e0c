import type { ReactNode } from "react";
import { Glyph } from "./StatusGlyph";

interface NoticeProps {
  kind: "warn" | "bad" | "info";
  children: ReactNode;
  action?: ReactNode;
}

/** One sentence, one action. */
export function Notice({ kind, children, action }: NoticeProps) {
  return (
    <div className="notice" data-kind={kind}>
      {kind === "warn" && <Triangle />}
      {kind === "bad" && <Glyph of="down" />}
      <p>{children}</p>
      {action}
    </div>
  );
}

function Triangle() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d="M8 1.6 15 14H1z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinejoin="round"
      />
      <path d="M8 6v4M8 11.4v1.2" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}
