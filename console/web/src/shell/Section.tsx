import type { ReactNode } from "react";
import { Guard } from "./Guard";

interface SectionProps {
  title: string;
  /** What the section's figures are of, or where there is more. */
  note?: ReactNode;
  children: ReactNode;
}

/** A part of a page under a hairline. If it cannot be drawn, the others still are. */
export function Section({ title, note, children }: SectionProps) {
  return (
    <section className="border-t border-line pt-6.5 pb-7.5">
      <header className="mb-3.5 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-2">
        <h2>{title}</h2>
        {note !== undefined && <div className="text-13 text-ink-3">{note}</div>}
      </header>
      <Guard what={title}>{children}</Guard>
    </section>
  );
}
