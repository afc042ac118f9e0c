// Requests as they come.
import { Segmented } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { lineColumns } from "../drill/lines/columns";
import { FilterBar } from "../drill/lines/FilterBar";
import { filterOf, type RecordFilter } from "../drill/lines/fields";
import { Page } from "../parts/Page";
import { useServerNames } from "../parts/ServerName";
import { LineDetail } from "./LineDetail";
import { type Newest, newestOf } from "./newest";
import "./tail.css";
import { TailLog } from "./TailLog";
import { HeldWord, TailLink, TailRates } from "./TailState";
import { useHeld } from "./useHeld";
import { useTail } from "./useTail";

const route = getRouteApi("/tail");
const detailOf = (line: RecordLine) => <LineDetail line={line} />;

export function LiveTail() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = useMemo(() => filterOf(search), [search]);
  const newest = newestOf(search.newest);
  const { view, clear } = useTail(filter);
  const held = useHeld(view.ring);
  const columns = useColumns();
  const narrow = (next: RecordFilter) =>
    void navigate({ search: { ...next, ...(newest === "top" && { newest }) } });
  return (
    <Page
      title="Live tail"
      note={<TailRates view={view} />}
      actions={
        <>
          <Segmented
            label="Newest"
            value={newest}
            onChange={(value: Newest) =>
              void navigate({
                search: { ...filter, ...(value === "top" && { newest: value }) },
                replace: true,
              })
            }
            options={[
              { value: "bottom", label: "Newest at the bottom" },
              { value: "top", label: "at the top" },
            ]}
          />
          <button
            type="button"
            className="btn"
            onClick={() => {
              clear();
              held.forget();
            }}
          >
            Clear
          </button>
          <HeldWord held={held} />
        </>
      }
    >
      <div className="tail-body">
        <FilterBar filter={filter} onChange={narrow} />
        <TailLink view={view} />
        <div className="line-table">
          <TailLog
            key={newest}
            lines={held.shown.lines}
            columns={columns}
            newest={newest}
            held={held.held}
            onHold={held.hold}
            onFollow={held.follow}
            below={detailOf}
          />
        </div>
      </div>
    </Page>
  );
}

/** The same columns from pull to pull: rows are drawn again only for another name of a server. */
function useColumns() {
  const names = useServerNames();
  const server = useCallback(names, [names]);
  return useMemo(() => lineColumns({ server, wide: true }), [server]);
}
