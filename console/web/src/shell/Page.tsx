import type { ReactNode } from "react";
import { liveLevel, useLive } from "../app/live";
import { Guard } from "./Guard";
import { Header } from "./Header";
import { Notices } from "./notices/Notices";
import { conditionWord } from "./notices/titleWord";
import { useConditions } from "./notices/useConditions";
import { useTitle } from "./useTitle";

interface PageProps {
  /** What the header and the tab say. */
  title: string;
  /** Beside the title in the header: a status. */
  status?: ReactNode;
  /** Figures that have stopped are grey. They are, also, when the live ones have. */
  stale?: boolean;
  busy?: boolean;
  children: ReactNode;
}

/** A page: the header with its title, what needs the customer, and its column. */
export function Page({ title, status, stale = false, busy = false, children }: PageProps) {
  const level = liveLevel(useLive().view);
  useTitle(title, conditionWord(useConditions(), level));
  return (
    <>
      <Header title={title} status={status} />
      <main
        id="main"
        className="max-w-[calc(var(--measure)+80px)] px-4 pt-5 pb-24 wide:px-10 wide:pt-7 wide:pb-18"
        data-stale={stale || level === "stale"}
        aria-busy={busy}
      >
        <Guard what="What needs you">
          <Notices />
        </Guard>
        {children}
      </main>
    </>
  );
}
