import { Button, Empty, explain, Failed, Segmented, SkeletonRows } from "@suiftly/ui";
import type { NotificationRow } from "@suiftly/ui/api/customer";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useLive } from "../../app/live";
import { useLastError } from "../../app/useLastError";
import { Page } from "../../shell/Page";
import { byDay, dayWords } from "../days";
import { Older } from "../Older";
import { type NotificationState, toldQuery } from "../queries";
import { useAcknowledge } from "./acknowledge";
import { NotificationView } from "./NotificationView";
import "../activity.css";

const route = getRouteApi("/notifications");

const STATES: readonly { value: NotificationState; label: string }[] = [
  { value: "open", label: "Open" },
  { value: "all", label: "All" },
];

export function NotificationsPage() {
  const { state = "open" } = route.useSearch();
  const navigate = route.useNavigate();
  const pages = useInfiniteQuery(toldQuery(state));
  const acknowledge = useAcknowledge();
  const error = useLastError(pages);
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const isLoading = data === undefined && error === null;
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
  const open = rows.filter(({ acknowledged_at }) => !acknowledged_at).map(({ id }) => id);
  return (
    <Page title="Notifications" busy={isLoading}>
      <div className="mb-2 flex flex-wrap items-center justify-between gap-3">
        <Segmented
          label="Which"
          value={state}
          onChange={(value) =>
            void navigate({ search: value === "all" ? { state: "all" } : {}, replace: true })
          }
          options={STATES}
        />
        {open.length > 1 && (
          <Button onClick={() => void acknowledge(open)}>Acknowledge all {open.length}</Button>
        )}
      </div>
      {error && (
        <Failed
          what="Notifications did not load"
          problem={explain(error)}
          onRetry={() => void pages.refetch()}
        />
      )}
      {isLoading && <SkeletonRows rows={4} columns={3} />}
      {data && rows.length === 0 && <Nothing state={state} />}
      <Days rows={rows} onAcknowledge={(id) => void acknowledge([id])} />
      {data && (
        <Older
          hasMore={hasNextPage}
          busy={isFetchingNextPage}
          error={null}
          onMore={() => void fetchNextPage()}
        />
      )}
    </Page>
  );
}

interface DaysProps {
  rows: readonly NotificationRow[];
  onAcknowledge: (id: number) => void;
}

function Days({ rows, onAcknowledge }: DaysProps) {
  const { view } = useLive();
  return byDay(rows, ({ created_at }) => Date.parse(created_at)).map(({ start, rows: of }) => (
    <section key={start} className="act-day">
      <h2>{dayWords(start, view.now)}</h2>
      <ol>
        {of.map((row) => (
          <NotificationView key={row.id} row={row} onAcknowledge={() => onAcknowledge(row.id)} />
        ))}
      </ol>
    </section>
  ));
}

function Nothing({ state }: { state: NotificationState }) {
  return state === "open" ? (
    <Empty title="Nothing waits for you" heading="h2">
      What you should know of appears here: a limit reached, a balance that falls short, an alert
      crossed.
    </Empty>
  ) : (
    <Empty title="Nothing yet" heading="h2">
      What we tell you appears here, and stays.
    </Empty>
  );
}
