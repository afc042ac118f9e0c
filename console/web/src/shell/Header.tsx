import { LiveMarker, ThemeToggle } from "@suiftly/ui";
import type { ReactNode } from "react";
import { useLive } from "../app/live";
import { WalletWidget } from "./WalletWidget";

interface HeaderProps {
  title: string;
  status?: ReactNode;
}

/** The page's title, how far the figures are complete, and whose they are. */
export function Header({ title, status }: HeaderProps) {
  const { view } = useLive();
  return (
    <header className="top">
      <div className="flex min-w-0 items-center gap-4">
        {/* Focus comes here after a navigation: what is read next is the page. */}
        <h1 tabIndex={-1}>{title}</h1>
        {status}
      </div>
      <div className="top-end">
        <LiveMarker
          data-testid="complete-to"
          completeTo={view.state.usage?.completeTo ?? null}
          now={view.now}
          reconnecting={view.connection.phase === "retrying"}
        />
        <span className="hidden wide:inline">
          <ThemeToggle />
        </span>
        <WalletWidget />
      </div>
    </header>
  );
}
