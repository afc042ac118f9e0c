import { Brand, ThemeToggle } from "@suiftly/ui";
import type { ReactNode } from "react";

interface FrameProps {
  marker?: ReactNode;
  /** What one may do with the session. */
  account?: ReactNode;
  children: ReactNode;
}

/** The sidebar and the header around a page. On a phone the one page needs no sidebar. */
export function Frame({ marker, account, children }: FrameProps) {
  return (
    <div className="min-h-screen wide:grid wide:grid-cols-[var(--side)_minmax(0,1fr)]">
      <nav aria-label="Main" className="hidden border-r border-line wide:block">
        <div className="sticky top-0 px-3 pt-4.5">
          <div className="px-2.5 pb-5.5">
            <Brand />
          </div>
          <a
            href="/"
            aria-current="page"
            className="flex h-8 items-center rounded-2 bg-select px-2.5 text-13h font-560 text-ink"
          >
            Overview
          </a>
        </div>
      </nav>
      <div>
        <header className="sticky top-0 z-5 flex h-13.5 items-center justify-between gap-4 border-b border-line bg-canvas px-4 wide:h-15 wide:px-10">
          <h1>Overview</h1>
          <div className="-mr-2 flex min-w-0 items-center gap-3">
            {marker}
            <span className="flex">
              <ThemeToggle />
              {account}
            </span>
          </div>
        </header>
        {children}
      </div>
    </div>
  );
}
