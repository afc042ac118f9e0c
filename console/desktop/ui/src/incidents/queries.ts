import type {
  ActivityItem,
  NoticeItem,
  SystemLogItem,
  VaultVersionItem,
} from "@suiftly/ui/api/admin";
import {
  audit,
  infraSeries,
  listJobRuns,
  listJobs,
  listNotifications,
  loss,
  systemLogs,
  usageSeries,
  vaultVersions,
} from "@suiftly/ui/api/admin";
import { queryOptions } from "@tanstack/react-query";
import { client } from "../app/session";
import { keyOf, type Topic } from "../app/topics";
import type { Span } from "./span";

const LIMIT = 200;
/** Pages of one kind at most: what is before them is not shown, and said so. */
const PAGES = 5;

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor?: string | null;
}

export interface Read<T> {
  readonly items: readonly T[];
  /** Null: all of the span was read; else nothing before this time. */
  readonly cutAt: number | null;
}

/** Back to a time, page by page. */
async function back<T>(
  from: number,
  timeOf: (item: T) => string,
  page: (cursor: { cursor?: string }) => Promise<Page<T>>,
): Promise<Read<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let count = 0; count < PAGES; count += 1) {
    const read: Page<T> = await page(cursor === null ? {} : { cursor });
    items.push(...read.items);
    cursor = read.next_cursor ?? null;
    const last = items.at(-1);
    if (cursor === null || last === undefined || Date.parse(timeOf(last)) < from)
      return { items, cutAt: null };
  }
  const last = items.at(-1);
  return { items, cutAt: last === undefined ? null : Date.parse(timeOf(last)) };
}

const iso = (ms: number) => new Date(ms).toISOString();
/** The same for a while: a span that moves with now is not read again each second. */
const keyOfSpan = ({ from, to, range }: Span) => [range ?? `${from} ${to}`] as const;

type Ask<T> = (
  query: { limit: number; cursor?: string },
  signal: AbortSignal,
) => Promise<{ data: Page<T> }>;

/** What one source tells of a span, read back to its beginning. */
function told<T>(topic: Topic, what: string, span: Span, timeOf: (item: T) => string, ask: Ask<T>) {
  return queryOptions({
    queryKey: keyOf(topic, what, ...keyOfSpan(span)),
    queryFn: ({ signal }) =>
      back(
        span.from,
        timeOf,
        async (cursor) => (await ask({ limit: LIMIT, ...cursor }, signal)).data,
      ),
  });
}

const timesOf = ({ from, to }: Span) => ({ from: iso(from), to: iso(to) });

export const messagesIn = (span: Span) =>
  told<SystemLogItem>(
    "system_logs",
    "span",
    span,
    ({ timestamp }) => timestamp,
    (page, signal) => systemLogs({ client, signal, query: { ...timesOf(span), ...page } }),
  );

export const noticesIn = (span: Span) =>
  told<NoticeItem>(
    "notifications",
    "span",
    span,
    ({ created_at }) => created_at,
    (page, signal) => listNotifications({ client, signal, query: { state: "all", ...page } }),
  );

export const versionsIn = (span: Span) =>
  told<VaultVersionItem>(
    "vault",
    "span",
    span,
    ({ issued_at }) => issued_at,
    (page, signal) => vaultVersions({ client, signal, query: page }),
  );

export const actsIn = (span: Span) =>
  told<ActivityItem>(
    "activity",
    "span",
    span,
    ({ at }) => at,
    (page, signal) => audit({ client, signal, query: { actor_kind: "operator", ...page } }),
  );

/** Starts of the program stand in the audit, with the version that was started. */
export const startsIn = (span: Span) =>
  told<ActivityItem>(
    "activity",
    "starts",
    span,
    ({ at }) => at,
    (page, signal) =>
      audit({
        client,
        signal,
        query: { actor_kind: "system", actor: "up", action: "program.start", ...page },
      }),
  );

const RUNS_KEPT_MS = 60_000;

/** Each job’s runs that did something or failed: asked for once a minute at most, for jobs run each second. */
export const runsQuery = queryOptions({
  // No topic: jobs change each second, and this is a request for each of them.
  queryKey: keyOf("past", "job failures"),
  staleTime: RUNS_KEPT_MS,
  refetchInterval: RUNS_KEPT_MS,
  queryFn: async ({ signal }) => {
    const { items } = (await listJobs({ client, signal })).data;
    return Promise.all(
      items.map(async ({ name }) => ({
        name,
        runs: (
          await listJobRuns({ client, signal, path: { name }, query: { work: true, limit: 50 } })
        ).data.items,
      })),
    );
  },
});

export const birthsQuery = queryOptions({
  queryKey: keyOf("traffic", "births"),
  queryFn: async ({ signal }) => (await loss({ client, signal })).data.workers,
});

export const infraIn = (span: Span) =>
  queryOptions({
    queryKey: keyOf("traffic", "incidents", "infra", ...keyOfSpan(span)),
    queryFn: async ({ signal }) =>
      (
        await infraSeries({
          client,
          signal,
          query: { ...timesOf(span), bucket: span.bucket },
        })
      ).data,
  });

export const usageIn = (span: Span) =>
  queryOptions({
    queryKey: keyOf("traffic", "incidents", "usage", ...keyOfSpan(span)),
    queryFn: async ({ signal }) =>
      (
        await usageSeries({
          client,
          signal,
          query: { ...timesOf(span), bucket: span.bucket },
        })
      ).data,
  });
