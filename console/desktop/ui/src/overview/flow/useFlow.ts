import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useServerNames } from "../../parts/ServerName";
import { type Grouping, lastWeekQuery, recentQuery } from "../queries";
import { secondsCovered } from "../span";
import { CELLS } from "../timers/useTimers";
import { type Flow, flowOf } from "./flow";

const BACKENDS: Grouping = "service_type,network,backend_id";

export interface FlowNow {
  readonly flow: Flow;
  /** What the counts are of. */
  readonly seconds: number;
}

/** `most`: how many nodes of a column have room. */
export function useFlow(minute: number, most: number) {
  const query = useQuery(recentQuery(minute, CELLS));
  const { data: backends } = useQuery(recentQuery(minute, BACKENDS));
  const { data: lastWeek } = useQuery(lastWeekQuery(minute, BACKENDS));
  const serverWord = useServerNames();
  const { data } = query;
  // Names come with the fleet, which changes seldom; what they are is told by how they read.
  const names = data?.groups.map(({ group }) => serverWord(group.server_id ?? null)).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: serverWord is new each time; names say whether it differs
  const now = useMemo((): FlowNow | null => {
    if (data === undefined) return null;
    const flow = flowOf(
      {
        rows: data.groups,
        backends: backends?.groups ?? [],
        backendsBefore: lastWeek?.groups ?? [],
        serverWord,
      },
      most,
    );
    return { flow, seconds: secondsCovered(data) };
  }, [data, backends, lastWeek, names, most]);
  return { query, now };
}
