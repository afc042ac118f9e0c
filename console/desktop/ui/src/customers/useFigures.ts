// What each customer of the list used: one ranking for all of them, and a question of their own for those beyond it.
import { type Counts, NO_COUNTS } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { useNow } from "../app/console";
import { dayQuery, monthTopQuery, spendQuery, topQuery } from "./queries";
import { rankOf, TOP_MAX } from "./ranking";

/** Their last day by class; undefined while it is not known. */
export function useDay(id: number): Counts | undefined {
  const { data } = useQuery(topQuery("requests", "24h", TOP_MAX));
  const ranked = rankOf(data?.top, id);
  const own = useQuery({ ...dayQuery(id), enabled: ranked === "beyond" });
  if (ranked === undefined) return undefined;
  if (ranked === "beyond") return own.data?.counts;
  return ranked === "none" ? NO_COUNTS : ranked.counts;
}

/** What their usage of the running month is rated, in micro-dollars. */
export function useMonthRated(id: number): number | undefined {
  const month = new Date(useNow()).toISOString().slice(0, 7);
  const { data } = useQuery(monthTopQuery(month));
  const ranked = rankOf(data?.top, id);
  const own = useQuery({ ...spendQuery(id), enabled: ranked === "beyond" });
  if (ranked === undefined) return undefined;
  if (ranked === "beyond") return own.data?.rated_this_month_micro_usd;
  return ranked === "none" ? 0 : ranked.rated_micro_usd;
}
