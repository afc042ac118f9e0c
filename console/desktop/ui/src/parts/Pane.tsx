import { explain, Failed, SkeletonRows } from "@suiftly/ui";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";

interface PaneProps {
  title: ReactNode;
  /** Right of the title: what the figures are, or a control. */
  note?: ReactNode;
  className?: string;
  /** What does not fit scrolls in the pane. */
  scroll?: boolean;
  children: ReactNode;
}

/** A part of a page between hairlines. */
export function Pane({ title, note, className = "", scroll = false, children }: PaneProps) {
  const id = useId();
  return (
    <section className={`pane ${className}`} data-scroll={scroll} aria-labelledby={id}>
      <header className="pane-head">
        <h2 id={id}>{title}</h2>
        {note && <div className="pane-note">{note}</div>}
      </header>
      {scroll ? <div className="pane-scroll">{children}</div> : children}
    </section>
  );
}

interface LoadedProps<T> {
  query: Pick<UseQueryResult<T>, "data" | "error"> & { readonly refetch: () => unknown };
  /** "The fleet": stands before "did not load". */
  what: string;
  rows?: number;
  children: (data: T) => ReactNode;
}

/** What a query brought: still shapes before, what failed and the last good data after. One pane’s failure is its own. */
export function Loaded<T>({ query, what, rows = 4, children }: LoadedProps<T>) {
  const { data, error, refetch } = query;
  return (
    <>
      {error !== null && (
        <Failed
          what={`${what} did not load`}
          problem={explain(error)}
          onRetry={() => void refetch()}
          {...(data !== undefined && { unaffected: "What is below is what came last." })}
        />
      )}
      {data === undefined ? error === null && <SkeletonRows rows={rows} /> : children(data)}
    </>
  );
}
