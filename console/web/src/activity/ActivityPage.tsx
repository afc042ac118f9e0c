import { Empty, explain, Failed, Segmented, SelectField, SkeletonRows } from "@suiftly/ui";
import type { ActivityRow } from "@suiftly/ui/api/customer";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useLive } from "../app/live";
import { useLastError } from "../app/useLastError";
import { Page } from "../shell/Page";
import { ActivityRowView } from "./ActivityRowView";
import { byDay, dayWords } from "./days";
import { type By, GROUPS, type Group } from "./groups";
import { Older } from "./Older";
import { activityQuery } from "./queries";
import "./activity.css";

const route = getRouteApi("/activity");

const WHOSE: readonly { value: By; label: string }[] = [
  { value: "all", label: "All" },
  { value: "you", label: "Yours" },
  { value: "us", label: "Ours" },
];

export function ActivityPage() {
  const { group = "all", by = "all" } = route.useSearch();
  const pages = useInfiniteQuery(activityQuery(group));
  const error = useLastError(pages);
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const isLoading = data === undefined && error === null;
  const rows = data?.pages.flatMap(({ items }) => items) ?? [];
  const shown = rows.filter(({ is_own }) => by === "all" || is_own === (by === "you"));
  return (
    <Page title="Activity" busy={isLoading}>
      <p className="mb-5.5 max-w-160 text-ink-2">
        What was done in your account, by you and by us. Nothing here can be changed or removed.
      </p>
      <Filters group={group} by={by} />
      {error && !data && (
        <Failed
          what="Activity did not load"
          problem={explain(error)}
          onRetry={() => void pages.refetch()}
        />
      )}
      {isLoading && <SkeletonRows rows={8} columns={3} />}
      {data && shown.length === 0 && !hasNextPage && (
        <Nothing filtered={group !== "all" || by !== "all"} />
      )}
      <Days rows={shown} />
      {data && (
        <Older
          hasMore={hasNextPage}
          busy={isFetchingNextPage}
          error={error}
          onMore={() => void fetchNextPage()}
        />
      )}
    </Page>
  );
}

function Filters({ group, by }: { group: Group; by: By }) {
  const navigate = route.useNavigate();
  const go = (to: { group: Group; by: By }) =>
    void navigate({
      search: {
        ...(to.group !== "all" && { group: to.group }),
        ...(to.by !== "all" && { by: to.by }),
      },
      replace: true,
      resetScroll: false,
    });
  return (
    <div className="mb-2 flex flex-wrap items-end gap-3">
      <div className="act-groups">
        <Segmented<Group>
          label="What"
          value={group}
          onChange={(value) => go({ group: value, by })}
          options={GROUPS}
        />
      </div>
      <div className="act-group-list">
        <SelectField<Group>
          label="What"
          hideLabel
          value={group}
          onChange={(value) => go({ group: value, by })}
          options={GROUPS}
        />
      </div>
      <Segmented<By>
        label="Whose"
        value={by}
        onChange={(value) => go({ group, by: value })}
        options={WHOSE}
      />
    </div>
  );
}

function Days({ rows }: { rows: readonly ActivityRow[] }) {
  const { view } = useLive();
  return byDay(rows, ({ at }) => Date.parse(at)).map(({ start, rows: of }) => (
    <section key={start} className="act-day">
      <h2>{dayWords(start, view.now)}</h2>
      <ol>
        {of.map((row) => (
          <ActivityRowView key={row.id} row={row} />
        ))}
      </ol>
    </section>
  ));
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="Nothing of this kind" heading="h2">
      Nothing has been done that the filter picks. Choose All to see the rest.
    </Empty>
  ) : (
    <Empty title="Nothing yet" heading="h2">
      What you do in your account appears here at once.
    </Empty>
  );
}
