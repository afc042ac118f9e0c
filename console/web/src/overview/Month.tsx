import {
  explain,
  Failed,
  formatClock,
  formatDay,
  formatUsd,
  formatUsdCents,
  Meter,
  monthName,
  Scale,
} from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useLive } from "../app/live";
import { billingQuery } from "../app/queries";
import { useLastError } from "../app/useLastError";
import { usedNow } from "../billing/bill/live";
import { Facts } from "./Facts";
import { SmallFigure } from "./figures";
import { MonthShapes } from "./shapes";

/** What the month has come to, what it is expected to come to, and what is left. */
export function Month() {
  const query = useQuery(billingQuery);
  const error = useLastError(query);
  const { data: money, dataUpdatedAt, refetch } = query;
  const isLoading = money === undefined && error === null;
  return (
    <section className="grid gap-5.5 pb-7.5 roomy:grid-cols-[minmax(0,1fr)_268px] roomy:gap-14">
      <div>
        {error && (
          <div className="mb-4">
            <Failed
              what="Your bill did not load"
              problem={explain(error)}
              unaffected="Your services are not affected."
              onRetry={() => void refetch()}
              {...(money && { shownFrom: formatClock(dataUpdatedAt) })}
            />
          </div>
        )}
        {isLoading && <MonthShapes />}
        {money && (
          <div data-kept={error !== null}>
            <Spent money={money} />
          </div>
        )}
      </div>
      <Facts money={money} waiting={isLoading} />
    </section>
  );
}

function Spent({ money }: { money: Billing }) {
  const { view } = useLive();
  const used = usedNow(money, view.state.usage);
  const label = `${monthName(money.month)} so far`;
  return (
    <>
      <h2 className="label">{label}</h2>
      <Meter microUsd={used} label={label} data-testid="spent" />
      <div className="mt-6">
        <Scale
          usedMicroUsd={used}
          forecastMicroUsd={money.forecast.total_micro_usd}
          limitMicroUsd={money.max_monthly_usd_cents ? money.max_monthly_usd_cents * 10_000 : null}
        />
      </div>
      <dl className="mt-5 grid grid-cols-2 gap-x-5 gap-y-3.5 wide:mt-6.5 wide:flex wide:gap-10">
        <SmallFigure term="Drawn from escrow">
          {formatUsdCents(money.charged_this_month_usd_cents)}
        </SmallFigure>
        <SmallFigure term="Used, not yet drawn">{formatUsd(money.accrued_micro_usd)}</SmallFigure>
        <SmallFigure term="Left before your limit">
          {money.remaining_micro_usd == null ? "No limit" : formatUsd(money.remaining_micro_usd)}
        </SmallFigure>
        <SmallFigure term="Starts again">{formatDay(nextMonth(money.month))}</SmallFigure>
      </dl>
    </>
  );
}

/** The first instant after "2026-11". */
function nextMonth(month: string): number {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return Date.UTC(year, number, 1);
}
