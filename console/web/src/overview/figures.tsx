import { Unit } from "@suiftly/ui";
import type { ReactNode } from "react";

/** A number and its unit after a thin gap. */
export function Figure({ value, unit }: { value: string; unit: string }) {
  return (
    <>
      {value}
      <Unit>{unit}</Unit>
    </>
  );
}

interface SmallFigureProps {
  term: string;
  children: ReactNode;
}

export function SmallFigure({ term, children }: SmallFigureProps) {
  return (
    <div>
      <dt className="label">{term}</dt>
      <dd className="figure text-15 font-560">{children}</dd>
    </div>
  );
}

export function FactRail({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-2 gap-x-5 wide:grid-cols-3 roomy:block">{children}</dl>;
}

interface FactProps {
  term: string;
  note: ReactNode;
  /** Stands beside the value. */
  aside?: ReactNode;
  children: ReactNode;
}

/** One of the figures down the right side, with a line on what it means. */
export function Fact({ term, note, aside, children }: FactProps) {
  return (
    <div className="border-t border-line py-3.25 roomy:first:border-t-0 roomy:first:pt-0">
      <dt className="label">{term}</dt>
      <dd>
        <div className="flex items-center justify-between gap-4">
          <span className="figure font-display text-20 font-560">{children}</span>
          {aside}
        </div>
        <div className="text-12 text-ink-3">{note}</div>
      </dd>
    </div>
  );
}
