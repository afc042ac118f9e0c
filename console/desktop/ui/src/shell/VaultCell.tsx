import { formatCount, Known, UNKNOWN } from "@suiftly/ui";
import type { FleetEdge } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { fleetQuery } from "../fleet/queries";

/** More edges are told in the number alone. */
const BOXES_MAX = 16;

/** Which version of the vault is in force, and which edges have it. */
export function VaultCell() {
  const { data } = useQuery(fleetQuery);
  const expected = data?.edges.filter(
    ({ is_implied, state }) => !is_implied || state !== "never_seen",
  );
  const current = expected?.filter(({ state }) => state === "in_sync").length ?? 0;
  const late = expected !== undefined && current < expected.length;
  return (
    <Link
      to="/fleet"
      className="trust-cell"
      data-over={late}
      data-testid="trust-vault"
      data-value={data?.version ?? undefined}
    >
      <span className="trust-label">
        <span>Vault</span>
        {expected && (
          <span>
            {current} of {expected.length} {expected.length === 1 ? "edge" : "edges"}
          </span>
        )}
      </span>
      <span className="trust-value">
        <Known text={data?.version == null ? UNKNOWN : `v${formatCount(data.version)}`} />
      </span>
      {expected && expected.length <= BOXES_MAX && <Boxes edges={expected} />}
    </Link>
  );
}

function Boxes({ edges }: { edges: readonly FleetEdge[] }) {
  return (
    <span className="trust-edges" aria-hidden="true">
      {edges.map(({ name, state }) => (
        <i key={name} data-state={state} title={name} />
      ))}
    </span>
  );
}
