import { formatClock, formatCount } from "@suiftly/ui";
import type { FleetView, VaultVersionItem } from "@suiftly/ui/api/admin";
import type { UseQueryResult } from "@tanstack/react-query";
import { Loaded, Pane } from "../parts/Pane";
import { ReachChart } from "./ReachChart";
import { GOAL_MS, PART_WORDS, type PartKey, type ReachRow, reachRows } from "./reach";
import { reachWords } from "./reachWords";

interface ReachProps {
  fleet: UseQueryResult<FleetView>;
  version: number | null;
  /** Versions that were read: for the time it was written. */
  issued: readonly VaultVersionItem[];
}

/** How long each edge took for one version, part by part. */
export function Reach({ fleet, version, issued }: ReachProps) {
  const item = issued.find((one) => one.version === version);
  const written = item === undefined ? "" : ` · written ${formatClock(Date.parse(item.issued_at))}`;
  return (
    <Pane
      scroll
      className="fleet-reach"
      title={version === null ? "How it reached them" : `How v${formatCount(version)} reached them`}
      note={`ms since it was published${written} · goal: refused within ${formatCount(GOAL_MS)} ms`}
    >
      <Loaded query={fleet} what="The fleet" rows={6}>
        {(data) =>
          version === null ? (
            <p className="text-ink-2">No version is in force yet: bars appear with the first.</p>
          ) : (
            <Bars rows={reachRows(data.edges, version)} version={version} />
          )
        }
      </Loaded>
    </Pane>
  );
}

function Bars({ rows, version }: { rows: readonly ReachRow[]; version: number }) {
  if (rows.length === 0)
    return <p className="text-ink-2">No edge is expected: name them in the configuration.</p>;
  return (
    <>
      <ul className="reach-words">
        {(Object.keys(PART_WORDS) as PartKey[]).map((key) => (
          <li key={key}>
            <i className="reach-swatch" data-part={key} />
            {PART_WORDS[key]}
          </li>
        ))}
      </ul>
      <ReachChart rows={rows} version={version} />
      <ReachTable rows={rows} />
    </>
  );
}

/** The same for who does not see the bars. */
function ReachTable({ rows }: { rows: readonly ReachRow[] }) {
  return (
    <table className="visually-hidden">
      <caption>How long each edge took</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={row.edge.name}>
            <th scope="row">{row.edge.name}</th>
            <td>{reachWords(row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
