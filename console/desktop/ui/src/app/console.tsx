// What every part of the window knows: the live view, and the one that is shown, which stands still while it is held.
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import type { ConsoleView } from "../link/follow";
import { follower } from "./session";

interface Console {
  /** As it is. */
  readonly live: ConsoleView;
  /** As it is shown. */
  readonly view: ConsoleView;
  readonly held: boolean;
  /** Holds the screen, or lets it go. */
  readonly hold: () => void;
  /** Lets it go. */
  readonly release: () => void;
}

const ConsoleContext = createContext<Console | null>(null);

export function ConsoleProvider({ children }: { children: ReactNode }) {
  const live = useSyncExternalStore(follower.subscribe, follower.getView);
  const [kept, setKept] = useState<ConsoleView | null>(null);
  const hold = useCallback(() => setKept((now) => (now === null ? follower.getView() : null)), []);
  const release = useCallback(() => setKept(null), []);
  const value = useMemo(
    () => ({ live, view: kept ?? live, held: kept !== null, hold, release }),
    [live, kept, hold, release],
  );
  return <ConsoleContext value={value}>{children}</ConsoleContext>;
}

export function useConsole(): Console {
  const value = useContext(ConsoleContext);
  if (value === null) throw new Error("outside of ConsoleProvider");
  return value;
}

/** The server's now, to the whole second: what times are told against. */
export function useNow(): number {
  return Math.floor(useConsole().view.now / 1_000) * 1_000;
}
