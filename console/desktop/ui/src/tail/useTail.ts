// One live tail for as long as a page shows it.
import { useEffect, useState, useSyncExternalStore } from "react";
import { useConsole } from "../app/console";
import { commands } from "../app/session";
import { queryOf, type RecordFilter } from "../drill/lines/fields";
import { followTail, type TailFollower, type TailView } from "./follow";
import { EMPTY_RING } from "./ring";

const NOT_YET: TailView = { ring: EMPTY_RING, status: { phase: "connecting" }, unreadable: false };
const never = () => () => {};
const notYet = () => NOT_YET;

export function useTail(filter: RecordFilter) {
  const { address } = useConsole().live;
  const query = queryOf(filter);
  const [follower, setFollower] = useState<TailFollower | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another server's tail is another tail
  useEffect(() => {
    const opened = followTail(commands, query);
    setFollower(opened);
    return () => opened.close();
  }, [query, address]);
  const view = useSyncExternalStore(follower?.subscribe ?? never, follower?.getView ?? notYet);
  return { view, clear: () => follower?.clear() };
}
