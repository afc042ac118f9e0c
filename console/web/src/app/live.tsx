// The live stream of this tab: opened once, read by whoever shows what moves.
import { freshness, type LiveView, useLiveUsage } from "@suiftly/ui";
import { createContext, type ReactNode, useContext, useEffect, useRef } from "react";
import { renewSession } from "../signin/session";

interface Live {
  readonly view: LiveView;
  /** Opens the stream anew at once. */
  readonly retry: () => void;
}

const LiveContext = createContext<Live | null>(null);

interface LiveProviderProps {
  /** The session has ended; once it goes on, so does the stream. */
  paused: boolean;
  children: ReactNode;
}

export function LiveProvider({ paused, children }: LiveProviderProps) {
  const live = useLiveUsage(renewSession);
  const { retry } = live;
  const wasPaused = useRef(paused);
  useEffect(() => {
    if (wasPaused.current && !paused) retry();
    wasPaused.current = paused;
  }, [paused, retry]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("outside of LiveProvider");
  return live;
}

export type LiveLevel = "waiting" | "live" | "late" | "stale";

/** How true the live figures are. */
export function liveLevel({ state, now }: LiveView): LiveLevel {
  return state.usage === null ? "waiting" : freshness(state.usage.completeTo, now).level;
}
