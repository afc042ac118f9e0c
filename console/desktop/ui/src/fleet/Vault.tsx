import { Button, Copy, formatCount, Moment, Notice, StatusGlyph } from "@suiftly/ui";
import type { FleetView, VaultStatus, VaultVersion } from "@suiftly/ui/api/admin";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useNow } from "../app/console";
import { Facts } from "../parts/Facts";
import { Loaded, Pane } from "../parts/Pane";
import { FreezeDialog, ThawDialog } from "./FreezeDialog";
import { PushDialog } from "./PushDialog";

interface VaultProps {
  status: UseQueryResult<VaultStatus>;
  fleet: FleetView | undefined;
}

/** The version in force, whether somebody holds it, and what may be done to it. */
export function Vault({ status, fleet }: VaultProps) {
  return (
    <Pane title="Vault" note={status.data && <Acts status={status.data} />}>
      <Loaded query={status} what="The vault" rows={8}>
        {(data) => (
          <>
            {data.frozen != null && <Frozen status={data} />}
            <VaultFacts status={data} fleet={fleet} />
          </>
        )}
      </Loaded>
    </Pane>
  );
}

function Acts({ status }: { status: VaultStatus }) {
  const [open, setOpen] = useState<"push" | "freeze" | "thaw" | null>(null);
  const close = () => setOpen(null);
  const { frozen, version } = status;
  return (
    <div className="fleet-acts">
      <Link to="/incidents" search={{ kind: "vault" }} className="quiet-link">
        history
      </Link>
      <Button
        onClick={() => setOpen("push")}
        disabled={frozen != null}
        title={frozen == null ? undefined : "Nothing is published while the vault is frozen"}
        data-testid="vault-push"
      >
        Push…
      </Button>
      {frozen == null ? (
        <Button
          kind="danger"
          onClick={() => setOpen("freeze")}
          disabled={version == null}
          data-testid="vault-freeze"
        >
          Freeze…
        </Button>
      ) : (
        <Button kind="primary" onClick={() => setOpen("thaw")} data-testid="vault-thaw">
          Thaw…
        </Button>
      )}
      <PushDialog open={open === "push"} onClose={close} />
      {version != null && (
        <FreezeDialog open={open === "freeze"} onClose={close} version={version} />
      )}
      <ThawDialog open={open === "thaw"} onClose={close} status={status} />
    </div>
  );
}

function Frozen({ status: { frozen, version, waiting } }: { status: VaultStatus }) {
  const now = useNow();
  if (frozen == null) return null;
  return (
    <div className="fleet-frozen" data-testid="vault-frozen">
      <Notice kind="warn">
        <b>
          {frozen.by} froze it at <Moment iso={frozen.at} now={now} />:
        </b>{" "}
        {frozen.reason}. Gateways keep{" "}
        {version == null ? "what they have" : `v${formatCount(version.version)}`}
        {waiting > 0 ? `; ${formatCount(waiting)} changes wait.` : "; no change waits."} Nobody is
        stopped meanwhile.
      </Notice>
    </div>
  );
}

function VaultFacts({ status, fleet }: { status: VaultStatus; fleet: FleetView | undefined }) {
  const now = useNow();
  const { version, key_id, waiting, refill, regions } = status;
  if (version == null)
    return <p className="text-ink-2">No version is in force yet: the server is starting.</p>;
  return (
    <Facts
      of={[
        [
          "Version",
          <b key="version" data-testid="vault-version" data-value={version.version}>
            {formatCount(version.version)}
          </b>,
        ],
        ["Published", <Published key="at" version={version} now={now} />],
        [
          "Grants",
          `${formatCount(version.keys)} keys, ${formatCount(version.access)} services of customers`,
        ],
        [
          "Content",
          <span key="root" className="fleet-root">
            <code className="fleet-code" title={version.root}>
              {`sha256 ${version.root.slice(0, 4)} ${version.root.slice(4, 8)} … ${version.root.slice(-4)}`}
            </code>
            <Copy text={version.root} kind="quiet" size="small" />
          </span>,
        ],
        ["Signed", <StatusGlyph key="signed" status="ok" word={`Ed25519, key ${key_id}`} />],
        ["Epoch", formatCount(version.epoch)],
        ["Changes that wait", formatCount(waiting)],
        ["Filled anew", refill === 0 ? "never asked for" : `with v${formatCount(refill)}`],
        ["Share the limits", regionWords(regions, fleet)],
      ]}
    />
  );
}

function Published({ version, now }: { version: VaultVersion; now: number }) {
  return (
    <>
      <Moment iso={version.issued_at} now={now} />{" "}
      <span className="text-ink-3">
        <Moment iso={version.issued_at} now={now} format="ago" />
      </span>
    </>
  );
}

function regionWords(regions: VaultStatus["regions"], fleet: FleetView | undefined): string {
  const each = Object.entries(regions).map(([region, gateways]) => {
    const name = regionName(Number(region), fleet);
    return `${name}: ${gateways} ${gateways === 1 ? "gateway" : "gateways"}`;
  });
  return each.length === 0 ? "–" : each.join(", ");
}

/** A region is the high bits of its gateways’ numbers: told by the edges that are in it. */
function regionName(region: number, fleet: FleetView | undefined): string {
  const edges =
    fleet?.edges.filter(({ servers }) => servers.some((id) => id >> 4 === region)) ?? [];
  const [first] = edges;
  return first !== undefined && edges.length === 1 ? first.name : `region ${region}`;
}
