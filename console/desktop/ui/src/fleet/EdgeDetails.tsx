import { Button, formatCount, formatDuration, formatRate, Moment, StatusGlyph } from "@suiftly/ui";
import type { FleetEdge, FleetGateway } from "@suiftly/ui/api/admin";
import { useNavigate } from "@tanstack/react-router";
import { useNow } from "../app/console";
import { Facts } from "../parts/Facts";
import { Pane } from "../parts/Pane";
import { AppliedList } from "./AppliedList";
import { addressWith, type FleetSearch } from "./address";
import { HotAccounts } from "./HotAccounts";
import { ServerStates } from "./ServerStates";
import { gatewayName } from "./trouble";

interface EdgeDetailsProps {
  edge: FleetEdge;
  search: FleetSearch;
  /** The versions' times stand above it: there is nothing to go back to. */
  isBeside: boolean;
}

/** One edge: its gateways, what stands behind them, who uses them most, and how it took what was published. */
export function EdgeDetails({ edge, search, isBeside }: EdgeDetailsProps) {
  const navigate = useNavigate();
  const now = useNow();
  const close = () =>
    void navigate({
      to: "/fleet",
      search: addressWith(search, { edge: undefined }),
      replace: true,
    });
  return (
    <Pane
      scroll
      className="fleet-edge"
      title={`Edge ${edge.name}`}
      note={
        <span className="fleet-signs">
          <EdgeNote edge={edge} now={now} />
          {!isBeside && (
            <Button kind="quiet" size="small" onClick={close} data-testid="edge-close">
              Back to the versions’ times
            </Button>
          )}
        </span>
      }
    >
      {edge.gateways.length === 0 && (
        <p className="text-ink-2">None of its gateways has reported yet.</p>
      )}
      {edge.gateways.map((gateway) => (
        <Gateway key={gateway.server_id} edge={edge} gateway={gateway} now={now} />
      ))}
      <div className="fleet-halves">
        <section>
          <h3>What it took</h3>
          <AppliedList applied={edge.applied} search={search} />
        </section>
        <Refused edge={edge} now={now} />
      </div>
    </Pane>
  );
}

function EdgeNote({ edge, now }: { edge: FleetEdge; now: number }) {
  return (
    <span>
      {edge.heard_at == null ? (
        "never heard of"
      ) : (
        <>
          heard <Moment iso={edge.heard_at} now={now} format="ago" />
        </>
      )}
      {edge.started_at != null && (
        <>
          {" "}
          · since <Moment iso={edge.started_at} now={now} />
        </>
      )}
      {` · ${edge.streams} ${edge.streams === 1 ? "stream" : "streams"}`}
    </span>
  );
}

interface GatewayProps {
  edge: FleetEdge;
  gateway: FleetGateway;
  now: number;
}

function Gateway({ edge, gateway, now }: GatewayProps) {
  return (
    <section className="fleet-gateway" data-testid="gateway">
      <h3>
        Gateway {gatewayName(edge, gateway.server_id)}{" "}
        <span className="text-ink-3">server id {gateway.server_id}</span>
      </h3>
      <div className="fleet-thirds">
        <GatewayFacts gateway={gateway} now={now} />
        <ServerStates servers={gateway.servers} server={gateway.server_id} />
        <HotAccounts hot={gateway.hot} server={gateway.server_id} />
      </div>
    </section>
  );
}

const STATES = {
  in_sync: { status: "ok", word: "In sync" },
  updating: { status: "updating", word: "Updating" },
  unreachable: { status: "down", word: "Unreachable" },
} as const;

function GatewayFacts({ gateway, now }: Omit<GatewayProps, "edge">) {
  const { state, trouble, version, haproxy, booted_at, requests, lines_numbered } = gateway;
  const known = state in STATES ? STATES[state as keyof typeof STATES] : null;
  return (
    <Facts
      of={[
        [
          "State",
          known === null ? state : <StatusGlyph key="s" status={known.status} word={known.word} />,
        ],
        trouble == null ? null : ["Says", trouble],
        ["Vault", version === 0 ? "not known" : `v${formatCount(version)}`],
        ["HAProxy", haproxy ?? "–"],
        ["Started", booted_at == null ? "–" : <Moment key="b" iso={booted_at} now={now} />],
        ["Requests since", formatCount(requests ?? null)],
        ["Lines numbered", formatCount(lines_numbered ?? null)],
        ["Logs not sent", formatCount(gateway.dropped_logs ?? null)],
        ["Expected", gateway.is_expected ? "yes" : "no: nobody named it"],
        ["Canary", <Canary key="c" gateway={gateway} now={now} />],
      ]}
    />
  );
}

function Canary({ gateway: { canary }, now }: Omit<GatewayProps, "edge">) {
  if (canary == null) return <>none sent</>;
  const { sent, served, last_status, last_at, last_us } = canary;
  const missed = sent - served;
  return (
    <>
      {last_status == null ? "no answer" : last_status} in {formatDuration(last_us / 1_000)},{" "}
      <Moment iso={last_at} now={now} format="ago" />
      <br />
      <span className="text-ink-3">
        {formatCount(served)} of {formatCount(sent)} served
        {missed > 0 && sent > 0 ? `, ${formatRate((missed * 100) / sent)}% not` : ""}
      </span>
    </>
  );
}

function Refused({ edge, now }: { edge: FleetEdge; now: number }) {
  return (
    <section>
      <h3>What it refused</h3>
      {edge.refused.length === 0 ? (
        <p className="text-ink-2">
          Nothing. A set that does not prove itself is refused, and told here.
        </p>
      ) : (
        <ul className="fleet-refused">
          {edge.refused.toReversed().map(({ at, version, reason }) => (
            <li key={`${at} ${version}`}>
              <Moment iso={at} now={now} /> {version == null ? "" : `v${formatCount(version)}: `}
              {reason}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
