import { formatCount, formatDuration } from "@suiftly/ui";
import type { FleetApplied } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import { addressWith, type FleetSearch } from "./address";
import { tookOf } from "./edges";

interface AppliedListProps {
  applied: readonly FleetApplied[];
  search: FleetSearch;
}

/** The versions that it applied, the latest first; each opens how it reached the others. */
export function AppliedList({ applied, search }: AppliedListProps) {
  if (applied.length === 0)
    return (
      <p className="text-ink-2">None since it started. A row appears with the next version.</p>
    );
  return (
    <table className="dense">
      <thead>
        <tr>
          <th scope="col">Version</th>
          {["took", "at the edge", "verify", "change", "read back", "rows"].map((word) => (
            <th key={word} scope="col" className="number">
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {applied.toReversed().map((one) => (
          <tr key={one.version}>
            <th scope="row">
              <Link
                to="/fleet"
                search={addressWith(search, { version: one.version, edge: undefined })}
                className="quiet-link"
              >
                v{formatCount(one.version)}
              </Link>
            </th>
            <td className="number">{formatDuration(tookOf(one))}</td>
            <td className="number">{formatDuration(one.edge_ms)}</td>
            <td className="number">{micros(one.verify_us)}</td>
            <td className="number">{micros(one.change_us)}</td>
            <td className="number">{micros(one.confirm_us)}</td>
            <td className="number">
              {formatCount(one.changes)}
              {one.is_refill ? " anew" : ""}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function micros(us: number): string {
  return us < 1_000 ? `${formatCount(us)} µs` : `${(us / 1_000).toFixed(us < 10_000 ? 1 : 0)} ms`;
}
