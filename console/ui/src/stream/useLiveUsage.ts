import { useEffect, useState, useSyncExternalStore } from "react";
import {
  IDLE_VIEW,
  type LiveView,
  openUsageStream,
  type UsageStream,
  type UsageStreamOptions,
} from "./client";

/** The live view while the component is mounted, and the means to try again at once. */
export function useLiveUsage(renewSession: NonNullable<UsageStreamOptions["renewSession"]>): {
  view: LiveView;
  retry: () => void;
} {
  const [stream, setStream] = useState<UsageStream | null>(null);
  useEffect(() => {
    const opened = openUsageStream({ renewSession });
    setStream(opened);
    return opened.close;
  }, [renewSession]);
  const view = useSyncExternalStore(
    stream?.subscribe ?? subscribeToNothing,
    stream?.getView ?? getIdleView,
  );
  return { view, retry: stream?.retry ?? doNothing };
}

const doNothing = () => {};
const subscribeToNothing = () => doNothing;
const getIdleView = () => IDLE_VIEW;
