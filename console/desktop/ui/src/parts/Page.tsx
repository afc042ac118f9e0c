import type { ReactNode } from "react";

interface PageProps {
  title: ReactNode;
  /** Beside the title: what the page counts, or what may be done on it. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page with a head of its own. Pages that are all panes use `PanePage`. */
export function Page({ title, note, actions, children }: PageProps) {
  return (
    <main className="page">
      <header className="page-head">
        <h2 className="page-title">{title}</h2>
        {note && <span className="text-ink-3">{note}</span>}
        {actions && <div className="page-acts">{actions}</div>}
      </header>
      <div className="page-body">{children}</div>
    </main>
  );
}

/** A page of panes: its grid is its class's. */
export function PanePage({ className, children }: { className: string; children: ReactNode }) {
  return <main className={`panes ${className}`}>{children}</main>;
}
