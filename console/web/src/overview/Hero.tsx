import {
  Count,
  type Counts,
  formatBytes,
  formatShare,
  Known,
  Meter,
  monthName,
  Rail,
  type Usage,
} from "@suiftly/ui";
import { Fact, FactRail, Figure, SmallFigure } from "./figures";
import { RightNow } from "./RightNow";

interface HeroProps {
  usage: Usage;
  lastHour: Counts;
  stale: boolean;
}

/** The month's money large, and the figures that explain it. */
export function Hero({ usage, lastHour, stale }: HeroProps) {
  const { counts } = usage;
  const label = `${monthName(usage.month)} so far`;
  return (
    <section className="grid gap-6 pb-7.5 roomy:grid-cols-[minmax(0,1fr)_268px] roomy:gap-14">
      <div>
        <h2 className="label">{label}</h2>
        <Meter microUsd={usage.ratedMicroUsd} label={label} data-testid="rated" />
        <div className="mt-6">
          <h3 className="label mb-2">Requests by class</h3>
          <Rail counts={counts} />
        </div>
        <dl className="mt-6 grid grid-cols-2 gap-x-5 gap-y-3.5 wide:flex wide:gap-10">
          <SmallFigure term="Billable requests">
            <Count value={counts.billable_requests} />
          </SmallFigure>
          <SmallFigure term="Not billed">
            <Count value={counts.requests - counts.billable_requests} />
          </SmallFigure>
          <SmallFigure term="Bytes sent">
            <Figure {...formatBytes(counts.bytes_sent)} />
          </SmallFigure>
          <SmallFigure term="Billable bytes">
            <Figure {...formatBytes(counts.billable_bytes)} />
          </SmallFigure>
        </dl>
      </div>
      <FactRail>
        <Fact term="Requests this month" note={<LastHour requests={lastHour.requests} />}>
          <span data-testid="live-requests" data-epoch={usage.epoch}>
            <Count value={counts.requests} />
          </span>
        </Fact>
        <RightNow usage={usage} stale={stale} />
        <Fact term="Success" note={successNote(counts)}>
          <Known text={formatShare(answered(counts), counts.requests)} />
        </Fact>
      </FactRail>
    </section>
  );
}

function LastHour({ requests }: { requests: number }) {
  return (
    <>
      <Count value={requests} /> in the last 60 minutes
    </>
  );
}

function answered(counts: Counts): number {
  return counts.guaranteed + counts.burst;
}

function successNote(counts: Counts): string {
  if (counts.requests === 0) return "Nothing to measure yet";
  return `${formatShare(answered(counts), ownless(counts))} without rejected and client errors`;
}

/** Requests that neither the caller's limit nor the caller's mistake ended. */
function ownless(counts: Counts): number {
  return counts.requests - counts.rejected - counts.client_error;
}
