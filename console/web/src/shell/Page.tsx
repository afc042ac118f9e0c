import type { ReactNode } from "react";

interface PageProps {
  /** Figures that have stopped are grey. */
  stale?: boolean;
  busy?: boolean;
  children: ReactNode;
}

export function Page({ stale = false, busy = false, children }: PageProps) {
  return (
    <main
      className="max-w-[calc(var(--measure)+80px)] px-4 pt-5 pb-12 wide:px-10 wide:pt-7 wide:pb-18"
      data-stale={stale}
      aria-busy={busy}
    >
      {children}
    </main>
  );
}
