import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Grouping, hourQuery, lastWeekQuery, recentQuery } from "../queries";
import { type PhaseRow, phaseRows } from "./phases";
import { type SlowPhase, slowPhase } from "./slow";

export const CELLS: Grouping = "server_id,service_type,network,backend_id";

export interface Timers {
  readonly rows: readonly PhaseRow[];
  /** Null: none is slow. Undefined: it is not known. */
  readonly slow: SlowPhase | null | undefined;
  /** Of the recent figures: the pane's own. */
  readonly query: ReturnType<typeof useRecent>;
}

function useRecent(minute: number) {
  return useQuery(recentQuery(minute, "all"));
}

/** The five phases and the slow one of them, as both the table and the list of what is wrong say it. */
export function useTimers(minute: number): Timers {
  const query = useRecent(minute);
  const { data: lastWeek } = useQuery(lastWeekQuery(minute, "all"));
  const { data: hour } = useQuery(hourQuery(minute));
  const { data: cells } = useQuery(recentQuery(minute, CELLS));
  const { data: cellsLastWeek } = useQuery(lastWeekQuery(minute, CELLS));
  const recent = query.data;
  const rows = useMemo(() => phaseRows(recent, lastWeek, hour), [recent, lastWeek, hour]);
  const slow = useMemo(() => {
    if (!recent || !lastWeek || !cells) return undefined;
    return slowPhase(rows, cells.groups, cellsLastWeek?.groups ?? []);
  }, [rows, recent, lastWeek, cells, cellsLastWeek]);
  return { rows, slow, query };
}
