import { formatCount, Kbd, Moment } from "@suiftly/ui";
import type { FleetView, VaultVersionItem, VaultVersions } from "@suiftly/ui/api/admin";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useNow } from "../app/console";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded, Pane } from "../parts/Pane";
import { addressWith, type FleetSearch } from "./address";
import { countWords } from "./changes";
import { isWaitedFor } from "./edges";

interface VersionsProps {
  query: UseInfiniteQueryResult<InfiniteData<VaultVersions>>;
  items: readonly VaultVersionItem[];
  /** The one looked at. */
  version: number | null;
  fleet: FleetView | undefined;
  search: FleetSearch;
}

/** What was published, the latest first: an arrow key compares a version with the one before it. */
export function Versions({ query, items, version, fleet, search }: VersionsProps) {
  const navigate = useNavigate();
  const now = useNow();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const look = (row: VaultVersionItem) =>
    void navigate({
      to: "/fleet",
      search: addressWith(search, { version: row.version, against: undefined }),
      replace: true,
    });
  const selected = items.find((row) => row.version === version);
  return (
    <Pane
      scroll
      className="fleet-versions"
      title="Versions"
      note={
        <>
          <Kbd>↑</Kbd> <Kbd>↓</Kbd> compare with the one before
        </>
      }
    >
      <Loaded query={query} what="The versions" rows={5}>
        {() => (
          <DataTable
            label="Versions of the vault, the latest first"
            columns={columns(now, fleet)}
            rows={items}
            rowKey={keyOfVersion}
            rowHeight={26}
            onOpen={look}
            onMove={look}
            selected={selected === undefined ? null : keyOfVersion(selected)}
            copy={(row) => `v${row.version} ${row.issued_at} ${countWords(row.changes)}`}
            onEnd={() => {
              if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
            }}
            empty={
              <p className="text-ink-2">
                None is written down yet: the first appears with the first customer let in.
              </p>
            }
          />
        )}
      </Loaded>
    </Pane>
  );
}

/** Numbers go on over restarts; two processes at once would be told apart by when they began. */
function keyOfVersion({ version, era }: VaultVersionItem): string {
  return `${version} ${era}`;
}

function columns(now: number, fleet: FleetView | undefined): readonly Column<VaultVersionItem>[] {
  return [
    {
      key: "version",
      head: "Version",
      width: "62px",
      cell: ({ version }) => <b className="fleet-name">{formatCount(version)}</b>,
    },
    {
      key: "at",
      head: "Published",
      width: "112px",
      cell: ({ issued_at }) => (
        <span className="text-ink-3">
          <Moment iso={issued_at} now={now} />
        </span>
      ),
    },
    {
      key: "changes",
      head: "What it changed",
      cell: ({ changes }) => <span title={countWords(changes)}>{countWords(changes)}</span>,
    },
    {
      key: "reached",
      head: "Has it",
      width: "54px",
      number: true,
      cell: ({ version }) => reached(version, fleet),
    },
  ];
}

/** "7 of 8": how many edges have it, or a later one. */
function reached(version: number, fleet: FleetView | undefined): string {
  if (fleet === undefined) return "–";
  const expected = fleet.edges.filter(isWaitedFor);
  const have = expected.filter((edge) => (edge.version ?? 0) >= version).length;
  return `${have} of ${expected.length}`;
}
