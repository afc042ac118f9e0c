// What the quarantine's page reads.
import {
  getQuarantined,
  listFormats,
  listQuarantined,
  quarantineReasons,
  type TryFormatRequest,
  tryFormat,
} from "@suiftly/ui/api/admin";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../app/session";
import { keyOf } from "../app/topics";
import type { Given } from "./replay";
import { AT_ONCE } from "./waiting";
import { ofJournal } from "./whose";
import { standOf } from "./words";

const A_PAGE = 200;
/** While lines that were given again have no outcome, they are looked at so often. */
const PROGRESS_MS = 500;

/** The ingesters of a cluster, each of which has lines of its own; none of a process alone. */
export const ingestersQuery = queryOptions({
  queryKey: keyOf("quarantine", "ingesters"),
  queryFn: async ({ signal }) =>
    (await listQuarantined({ client, signal, query: { limit: 1 } })).data.journals ?? [],
});

/** Of one ingester’s lines, else of all. */
export const reasonsQuery = (journal?: string) =>
  queryOptions({
    queryKey: keyOf("quarantine", "reasons", ...(journal === undefined ? [] : [journal])),
    queryFn: async ({ signal }) =>
      (await quarantineReasons({ client, signal, query: ofJournal(journal) })).data.reasons,
  });

export const linesQuery = (reason: string | undefined, journal: string | undefined) =>
  infiniteQueryOptions({
    queryKey: keyOf("quarantine", "lines", reason, journal),
    queryFn: async ({ signal, pageParam }) => {
      const query = {
        limit: A_PAGE,
        ...ofJournal(journal),
        ...(reason !== undefined && { reason }),
        ...(pageParam !== null && { before: pageParam }),
      };
      return (await listQuarantined({ client, signal, query })).data;
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before ?? null,
    placeholderData: keepPreviousData,
  });

export const lineQuery = (offset: number, journal: string | undefined) =>
  queryOptions({
    queryKey: keyOf("quarantine", "line", offset, journal),
    queryFn: async ({ signal }) =>
      (await getQuarantined({ client, signal, path: { offset }, query: ofJournal(journal) })).data,
  });

/** The lines that one press gave again, until each has an outcome. */
export const givenQuery = ({ reason, journal, before, press }: Given) =>
  queryOptions({
    queryKey: keyOf("quarantine", "given", reason, press),
    queryFn: async ({ signal }) => {
      const query = { reason, before, limit: AT_ONCE, ...ofJournal(journal) };
      return (await listQuarantined({ client, signal, query })).data.lines;
    },
    // Faster than the topic is told of, and over as soon as nothing is under way.
    refetchInterval: ({ state: { data } }) =>
      data?.some((line) => standOf(line) === "under_way") ? PROGRESS_MS : false,
  });

export const formatsQuery = queryOptions({
  queryKey: keyOf("formats"),
  queryFn: async ({ signal }) => (await listFormats({ client, signal })).data.items,
});

/** What a format would make of the lines: a question alone, whatever its method. */
export const tryQuery = (asked: TryFormatRequest) =>
  queryOptions({
    queryKey: keyOf("quarantine", "try", asked),
    queryFn: async ({ signal }) => (await tryFormat({ client, signal, body: asked })).data,
    enabled: asked.log_format.trim() !== "",
    placeholderData: keepPreviousData,
  });
