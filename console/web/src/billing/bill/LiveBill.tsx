import { freshness, Meter, monthName, Scale, Tag } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { useLive } from "../../app/live";
import { AtTheLimit } from "./AtTheLimit";
import { usedNow } from "./live";

/** The running month: what it has come to, and what happens if it goes on. */
export function LiveBill({ billing }: { billing: Billing }) {
  const { view } = useLive();
  const { usage } = view.state;
  const used = usedNow(billing, usage);
  const stopped = usage !== null && freshness(usage.completeTo, view.now).level === "stale";
  const label = `${monthName(billing.month)} so far`;
  const limit = billing.max_monthly_usd_cents;
  return (
    <div data-stale={stopped}>
      <div className="flex items-center justify-between gap-4">
        <h2 className="label">{label}</h2>
        <Tag>draft</Tag>
      </div>
      <Meter microUsd={used} label={label} data-testid="bill" />
      <div className="mt-5">
        <Scale
          usedMicroUsd={used}
          forecastMicroUsd={billing.forecast.total_micro_usd}
          limitMicroUsd={limit == null ? null : limit * MICRO_PER_CENT}
        />
      </div>
      <div className="mt-4 flex flex-wrap items-start justify-between gap-4">
        <AtTheLimit billing={billing} used={used} />
        <Link
          from="/billing"
          to="/billing"
          search={(old) => ({ ...old, limit: limit ?? 0 })}
          className="btn"
          resetScroll={false}
        >
          Change limit
        </Link>
      </div>
    </div>
  );
}

const MICRO_PER_CENT = 10_000;
