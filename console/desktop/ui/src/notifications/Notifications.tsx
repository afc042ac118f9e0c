import { Button, Empty, explain, formatCount, formatDuration, Kbd, useToast } from "@suiftly/ui";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { Page } from "../parts/Page";
import { Loaded } from "../parts/Pane";
import { severityOf } from "../words/notices";
import { NoticeDetails } from "./NoticeDetails";
import { NoticeFilter } from "./NoticeFilter";
import { NoticeTable } from "./NoticeTable";
import "./notifications.css";
import { acknowledge, noticesQuery, readAgain } from "./queries";
import { countBySeverity, nextAfter, shownNotices, targets } from "./selection";

const route = getRouteApi("/notifications");

/** What people are to know: what happened, to whom, what to do; and that somebody knows of it. */
export function Notifications() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const history = search.state === "all";
  const severity = search.severity === undefined ? null : severityOf(search.severity);
  const query = useInfiniteQuery(noticesQuery(history ? "all" : "open"));
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const all = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const items = useMemo(() => shownNotices(all, severity, history), [all, severity, history]);
  const [marked, setMarked] = useState<ReadonlySet<number>>(new Set());
  const current = items.find(({ id }) => id === search.id) ?? items[0] ?? null;
  const chosen = targets(items, marked, current?.id ?? null);

  const look = (id: number | null) =>
    void navigate({
      to: "/notifications",
      search: ({ id: _, ...rest }) => ({ ...rest, ...(id !== null && { id }) }),
      replace: true,
    });
  const { busy, act } = useAcknowledge(chosen, () => {
    setMarked(new Set());
    // In the history they stay where they are, dimmed.
    if (!history) look(nextAfter(items, chosen));
  });
  useKeyA(act);
  const readOn = () => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  };
  return (
    <Page
      title="Notifications"
      note={
        <>
          {formatCount(items.length)} {history ? "told" : "open"}
          {hasNextPage ? " and older ones" : ""} · <Kbd>↑</Kbd> <Kbd>↓</Kbd> look <Kbd>A</Kbd>{" "}
          acknowledge
        </>
      }
      actions={
        <>
          <NoticeFilter search={search} counts={countBySeverity(all)} />
          <Button
            kind="primary"
            busy={busy}
            disabled={chosen.length === 0}
            onClick={() => void act()}
            data-testid="acknowledge"
          >
            {chosen.length > 1 ? `Acknowledge ${formatCount(chosen.length)}` : "Acknowledge"}
          </Button>
        </>
      }
    >
      <Loaded query={query} what="Notifications" rows={10}>
        {() =>
          items.length === 0 ? (
            <Nothing history={history} filtered={severity !== null} />
          ) : (
            <div className="notices">
              <NoticeTable
                items={items}
                marked={marked}
                onMark={setMarked}
                current={current?.id ?? null}
                onLook={look}
                onEnd={readOn}
              />
              {current && <NoticeDetails notice={current} />}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function useAcknowledge(ids: readonly number[], onDone: () => void) {
  const queries = useQueryClient();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const act = async () => {
    if (busy || ids.length === 0) return;
    setBusy(true);
    const started = performance.now();
    try {
      const count = await acknowledge(ids);
      const took = formatDuration(performance.now() - started);
      const words = count === 1 ? "It is acknowledged" : `${formatCount(count)} are acknowledged`;
      toast({ text: `${words}, after ${took}. The audit has your name.` });
      onDone();
    } catch (error) {
      const { title, code } = explain(error);
      toast({ kind: "bad", text: `Not acknowledged. ${title} ${code}` });
    } finally {
      setBusy(false);
      await readAgain(queries);
    }
  };
  return { busy, act };
}

/** A acknowledges what is marked, or the one looked at. */
function useKeyA(act: () => Promise<void>) {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== "a" || event.repeat || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping =
      event.target instanceof Element &&
      event.target.matches("input[type=search], textarea, select");
    if (isTyping || document.querySelector("dialog[open], :popover-open")) return;
    event.preventDefault();
    void act();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKeyDown(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}

function Nothing({ history, filtered }: { history: boolean; filtered: boolean }) {
  if (filtered)
    return <Empty title="None of this severity">Others may be open: choose All above.</Empty>;
  if (history)
    return (
      <Empty title="Nothing has been told yet">
        Deposits, limits, refused charges, edges that fall behind, differences in the books: each is
        told here once.
      </Empty>
    );
  return (
    <Empty title="Nothing is open">
      Somebody knows of all that was told. What is told next appears here within a second.
    </Empty>
  );
}
