import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useServerNames } from "../parts/ServerName";
import { ofActs, ofBirths, ofMessages, ofNotices, ofRuns, ofStarts, ofVersions } from "./events";
import {
  actsIn,
  birthsQuery,
  messagesIn,
  noticesIn,
  runsQuery,
  startsIn,
  versionsIn,
} from "./queries";
import type { Span } from "./span";

/** All that tells of a span, together; one source that fails leaves the others. */
export function useHappenings(span: Span) {
  const name = useServerNames();
  const [logs, notices, versions, acts, starts] = [
    useQuery(messagesIn(span)),
    useQuery(noticesIn(span)),
    useQuery(versionsIn(span)),
    useQuery(actsIn(span)),
    useQuery(startsIn(span)),
  ];
  const [runs, births] = [useQuery(runsQuery), useQuery(birthsQuery)];
  const all = [
    ...ofMessages(logs.data?.items ?? [], name),
    ...ofBirths(births.data ?? [], name),
    ...useMemo(() => ofNotices(notices.data?.items ?? []), [notices.data]),
    ...useMemo(() => ofVersions(versions.data?.items ?? []), [versions.data]),
    ...useMemo(() => ofActs(acts.data?.items ?? []), [acts.data]),
    ...useMemo(() => ofStarts(starts.data?.items ?? []), [starts.data]),
    ...(runs.data ?? []).flatMap(({ name: job, runs: of }) => ofRuns(job, of)),
  ];
  const sources = {
    "HAProxy’s messages": logs,
    Notifications: notices,
    "The vault’s versions": versions,
    "Operators’ acts": acts,
    "Suiftly’s starts": starts,
    "The jobs": runs,
    "HAProxy’s starts": births,
  };
  const failed = Object.entries(sources).flatMap(([what, { error, refetch }]) =>
    error === null ? [] : [{ what, error, retry: () => void refetch() }],
  );
  const cuts = [logs, notices, versions, acts, starts].flatMap(({ data }) => data?.cutAt ?? []);
  return { all, failed, cutAt: cuts.length === 0 ? null : Math.max(...cuts) };
}
