import { formatCount } from "@suiftly/ui";
import type { VaultChanges, VaultStatus, VaultVersionItem } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Loaded, Pane } from "../parts/Pane";
import type { FleetSearch } from "./address";
import { ChangeTable } from "./ChangeTable";
import { signCounts } from "./changes";
import { diffQuery } from "./queries";

interface DiffProps {
  version: number | null;
  items: readonly VaultVersionItem[];
  status: VaultStatus | undefined;
  search: FleetSearch;
}

/** What differs between two versions: who lost access, who was let in, whose limits moved. */
export function Diff({ version, items, status, search }: DiffProps) {
  if (version === null) return <Pane title="What it changed">{null}</Pane>;
  const before = search.against ?? version - 1;
  const [from, to] = before < version ? [before, version] : [version, before];
  const item = items.find((row) => row.version === version);
  const first = status?.remembered_from ?? null;
  // Older ones are known by what was written down when they were published.
  const isKept = first !== null && from >= first;
  const isStep = to - from === 1 && item !== undefined && to === version;
  if (isStep && !isKept)
    return <Written item={item} from={from} to={to} items={items} search={search} />;
  return (
    <Asked
      from={from}
      to={to}
      era={status?.version?.era ?? ""}
      version={version}
      items={items}
      search={search}
    />
  );
}

interface AskedProps {
  from: number;
  to: number;
  era: string;
  version: number;
  items: readonly VaultVersionItem[];
  search: FleetSearch;
}

function Asked({ from, to, era, version, items, search }: AskedProps) {
  const query = useQuery({ ...diffQuery(from, to, era), enabled: from > 0 && era !== "" });
  const against = <Against version={version} items={items} search={search} />;
  if (from === 0)
    return (
      <DiffPane from={from} to={to} against={against} changes={undefined}>
        <p className="text-ink-2">It is the first: all that is in it is new.</p>
      </DiffPane>
    );
  return (
    <DiffPane from={from} to={to} against={against} changes={query.data?.changes}>
      <Loaded query={query} what="The difference" rows={4}>
        {(data) => <ChangeTable changes={data.changes} />}
      </Loaded>
    </DiffPane>
  );
}

interface WrittenProps {
  item: VaultVersionItem;
  from: number;
  to: number;
  items: readonly VaultVersionItem[];
  search: FleetSearch;
}

function Written({ item, from, to, items, search }: WrittenProps) {
  return (
    <DiffPane
      from={from}
      to={to}
      changes={item.changes}
      against={<Against version={to} items={items} search={search} />}
    >
      <ChangeTable changes={item.changes} />
    </DiffPane>
  );
}

interface DiffPaneProps {
  from: number;
  to: number;
  against: ReactNode;
  changes: VaultChanges | undefined;
  children: ReactNode;
}

function DiffPane({ from, to, against, changes, children }: DiffPaneProps) {
  const signs = changes && signCounts(changes);
  return (
    <Pane
      scroll
      className="fleet-diff"
      title={`${formatCount(from)} → ${formatCount(to)}`}
      note={
        <span className="fleet-signs">
          {signs && (
            <span data-testid="diff-signs">{`+${signs["+"]}  −${signs["−"]}  ~${signs["~"]}`}</span>
          )}
          {against}
        </span>
      }
    >
      {children}
    </Pane>
  );
}

/** Against any other version: the one before, unless another is chosen. */
function Against({ version, items, search }: Pick<AskedProps, "version" | "items" | "search">) {
  const navigate = useNavigate();
  const chosen = search.against ?? version - 1;
  const others = [...new Set([chosen, ...items.map((row) => row.version)])].filter(
    (one) => one !== version && one > 0,
  );
  return (
    <label className="fleet-against">
      against{" "}
      <select
        value={chosen}
        data-testid="diff-against"
        onChange={(event) =>
          void navigate({
            to: "/fleet",
            search: { ...search, version, against: Number(event.target.value) },
            replace: true,
          })
        }
      >
        {others
          .toSorted((a, b) => b - a)
          .map((one) => (
            <option key={one} value={one}>
              {`v${formatCount(one)}`}
            </option>
          ))}
      </select>
    </label>
  );
}
