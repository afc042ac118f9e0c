import {
  Count,
  formatDuration,
  formatMoment,
  Known,
  Moment,
  Money,
  type Pipeline,
  UNKNOWN,
} from "@suiftly/ui";
import type { BillingStanding } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useNow } from "../../app/console";
import { fleetQuery } from "../../fleet/queries";
import { Facts } from "../../parts/Facts";
import { Loaded, Pane } from "../../parts/Pane";
import { useServerNames } from "../../parts/ServerName";
import { standingQuery } from "../queries";
import { type LastCanary, lastCanary, loopSteps, type Step } from "./loop";
import "./loop.css";

/** From a line to the request that is refused for it, and the money between the two. */
export const LoopPane = memo(function LoopPane({ pipeline }: { pipeline: Pipeline | null }) {
  const { data: fleet } = useQuery(fleetQuery);
  const standing = useQuery(standingQuery);
  return (
    <Pane title="The loop" note="line to refused request, of late" scroll>
      <table className="dense loop-table">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col" className="number">
              p50
            </th>
            <th scope="col" className="number">
              p99
            </th>
          </tr>
        </thead>
        <tbody>
          {loopSteps(pipeline, fleet).map((step) => (
            <StepRow key={step.key} step={step} />
          ))}
        </tbody>
      </table>
      <Facts
        of={[["Canary’s last round trip", <CanaryTime key="canary" of={lastCanary(fleet)} />]]}
      />
      <Loaded query={standing} what="Draws and books" rows={3}>
        {(data) => <Standing of={data} />}
      </Loaded>
    </Pane>
  );
});

function StepRow({ step: { key, word, detail, p50, p99, of } }: { step: Step }) {
  return (
    <tr data-kind={key === "refusal" ? "total" : "part"} title={detail}>
      <th scope="row">
        {word}
        {of !== null && <span className="text-ink-3"> of {of}</span>}
      </th>
      <td className="number">
        <Known text={formatDuration(p50)} />
      </td>
      <td className="number" data-testid={`loop-${key}`} data-value={p99 ?? undefined}>
        <Known text={formatDuration(p99)} />
      </td>
    </tr>
  );
}

function CanaryTime({ of }: { of: LastCanary | null }) {
  const now = useNow();
  const serverWord = useServerNames();
  if (of === null) return <Known text={UNKNOWN} />;
  const { gateway, at, ms, status } = of;
  const name = serverWord(gateway.server_id);
  const time = ms < 10 ? `${ms.toFixed(1)} ms` : formatDuration(ms);
  return (
    <b>
      <Link to="/fleet" className="quiet-link">
        {status === null ? "no answer" : time}
      </Link>{" "}
      <span className="loop-aside">
        {name}, <Moment iso={at} now={now} format="ago" />
      </span>
    </b>
  );
}

function Standing({ of }: { of: BillingStanding }) {
  const { accrued_micro_usd, draws_in_doubt } = of;
  return (
    <Facts
      of={[
        [
          "Accrued, not yet drawn",
          <b key="accrued" data-testid="accrued" data-value={accrued_micro_usd}>
            <Link to="/billing" className="quiet-link">
              <Money microUsd={accrued_micro_usd} />
            </Link>
          </b>,
        ],
        [
          "Draws in doubt",
          <b
            key="draws"
            data-loud={draws_in_doubt > 0}
            data-testid="draws"
            data-value={draws_in_doubt}
          >
            <Link to="/billing" className="quiet-link">
              <Count value={draws_in_doubt} />
            </Link>
          </b>,
        ],
        [
          "Ledger",
          <b key="ledger" data-loud={of.ledger.is_clean === false}>
            <Link to="/jobs" search={{ job: "ledger_check" }} className="quiet-link">
              {ledgerWords(of.ledger, Date.parse(of.now))}
            </Link>
          </b>,
        ],
      ]}
    />
  );
}

function ledgerWords({ is_clean, checked_at }: BillingStanding["ledger"], now: number): string {
  if (is_clean == null || checked_at == null) return "not checked yet";
  const at = formatMoment(Date.parse(checked_at), now);
  return is_clean ? `balanced at ${at}` : `does not balance, ${at}`;
}
