import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { hourBeforeQuery, hourQuery } from "../queries";
import { terminationsOf } from "./matrix";
import { type Outstanding, outstanding } from "./outstanding";

/** How the last hour's requests ended, and what of it stands out; undefined while the hour before is not known. */
export function useEnded(minute: number) {
  const query = useQuery(hourQuery(minute));
  const { data: before } = useQuery(hourBeforeQuery(minute));
  const now = useMemo(() => (query.data ? terminationsOf(query.data) : undefined), [query.data]);
  const found = useMemo((): readonly Outstanding[] | undefined => {
    if (now === undefined || before === undefined) return undefined;
    return outstanding(now, terminationsOf(before));
  }, [now, before]);
  return { query, now, found };
}
