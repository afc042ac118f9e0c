import { Count, DAY_MS, formatUsd, formatUsdCents, Known, Skeleton, UNKNOWN } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { liveLevel, useLive } from "../app/live";
import { useLastError } from "../app/useLastError";
import { Fact, FactRail } from "./figures";
import { todayQuery } from "./queries";
import { RightNow } from "./RightNow";

interface FactsProps {
  money: Billing | undefined;
  /** There is no answer yet, nor a failure. */
  waiting: boolean;
}

/** What is in escrow, what today has cost, and how fast requests come. */
export function Facts({ money, waiting }: FactsProps) {
  const { view } = useLive();
  const { usage } = view.state;
  return (
    <FactRail>
      <Fact term="Escrow balance" note={money ? escrowNote(money) : UNKNOWN}>
        {waiting ? <Shape /> : <Known text={formatUsdCents(money?.balance_usd_cents ?? null)} />}
      </Fact>
      <Today midnight={Math.floor(view.now / DAY_MS) * DAY_MS} />
      <RightNow usage={usage} stale={liveLevel(view) === "stale"} />
    </FactRail>
  );
}

function escrowNote(money: Billing): string {
  if (money.accrued_micro_usd <= 0) return "All that was used is drawn";
  return `${formatUsd(money.accrued_micro_usd)} of it is used, not yet drawn`;
}

function Today({ midnight }: { midnight: number }) {
  const query = useQuery(todayQuery(midnight));
  const error = useLastError(query);
  const { data } = query;
  return (
    <Fact
      term="Today"
      note={
        <>
          <Count value={data?.counts.requests ?? null} /> requests since 00:00 UTC
        </>
      }
    >
      {data || error ? <Known text={formatUsd(data?.rated_micro_usd ?? null)} /> : <Shape />}
    </Fact>
  );
}

function Shape() {
  return <Skeleton className="h-7 w-24" />;
}
