import { Empty, formatCount } from "@suiftly/ui";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { Page } from "../parts/Page";
import { Loaded } from "../parts/Pane";
import { useServerNames } from "../parts/ServerName";
import { LogFilter } from "./LogFilter";
import { LogTable } from "./LogTable";
import "./logs.css";
import { messagesQuery } from "./queries";
import { logRows, wantedRows } from "./rows";

const route = getRouteApi("/logs");

/** More are not kept in the window: a filter finds what is older. */
const ROWS_MAX = 10_000;

/** What HAProxy says of itself: servers down and up, reloads, checks. */
export function SystemLogs() {
  const search = route.useSearch();
  const serverName = useServerNames();
  const query = useInfiniteQuery(messagesQuery(search.server_id));
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const rows = useMemo(() => logRows(data?.pages.flatMap(({ items }) => items) ?? []), [data]);
  const wanted = { find: search.find ?? "", trouble: search.only === "trouble" };
  const shown = wantedRows(rows, wanted, serverName);
  const more = hasNextPage && rows.length < ROWS_MAX;
  const readOn = () => {
    if (more && !isFetchingNextPage) void fetchNextPage();
  };
  const filtered = wanted.find !== "" || wanted.trouble;
  return (
    <Page
      title="System logs"
      note={noteOf(rows.length, shown.length, filtered, more)}
      actions={<LogFilter search={search} />}
    >
      <Loaded query={query} what="The messages" rows={12}>
        {() =>
          shown.length === 0 ? (
            <Nothing filtered={filtered} more={more} onMore={readOn} busy={isFetchingNextPage} />
          ) : (
            <LogTable rows={shown} onEnd={readOn} />
          )
        }
      </Loaded>
    </Page>
  );
}

function noteOf(read: number, shown: number, filtered: boolean, more: boolean): string {
  const of = filtered ? `${formatCount(shown)} of ${formatCount(read)}` : formatCount(read);
  const rest = more ? ", older ones are read as you come to them" : " of the last eight days";
  return `What HAProxy says of itself · ${of} messages${rest}`;
}

interface NothingProps {
  filtered: boolean;
  more: boolean;
  onMore: () => void;
  busy: boolean;
}

function Nothing({ filtered, more, onMore, busy }: NothingProps) {
  if (!filtered)
    return (
      <Empty title="HAProxy has said nothing of itself in eight days">
        A server that goes down or comes up, a reload, a failed check: each is here within a second.
      </Empty>
    );
  return (
    <Empty
      title="No message fits"
      action={
        more && (
          <button type="button" className="link" onClick={onMore} aria-busy={busy}>
            Look further back
          </button>
        )
      }
    >
      {more
        ? "Of those that are read so far."
        : "Of all messages of the last eight days, as far as they are kept here."}
    </Empty>
  );
}
