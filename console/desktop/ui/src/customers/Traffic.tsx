import { formatRate, formatShare, UsageChart } from "@suiftly/ui";
import type { Series } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { Loaded, Pane } from "../parts/Pane";
import { trafficQuery } from "./queries";
import { rateNow, STEP_MS, served, trafficPoints } from "./series";
import { useCustomer } from "./useCustomer";

const HEIGHT = 158;

/** Their requests by class; a column opens the requests in it. */
export function Traffic() {
  const { customer_id } = useCustomer();
  const query = useQuery(trafficQuery(customer_id));
  return (
    <Pane title="Traffic, 24 hours" note={query.data && <Words series={query.data} />}>
      <Loaded query={query} what="Their traffic" rows={5}>
        {(series) => <Columns series={series} />}
      </Loaded>
    </Pane>
  );
}

function Words({ series }: { series: Series }) {
  const rate = rateNow(series);
  const { counts } = series;
  return (
    <span data-testid="day-requests" data-value={counts.requests}>
      15 min a bar
      {rate !== null && ` · ${formatRate(rate)} / s now`}
      {counts.requests > 0 && ` · ${formatShare(served(counts), counts.requests)} success`}
    </span>
  );
}

function Columns({ series }: { series: Series }) {
  const { customer_id } = useCustomer();
  const navigate = useNavigate();
  const points = useMemo(() => trafficPoints(series), [series]);
  const open = (start: number) =>
    void navigate({
      to: "/drill",
      search: {
        customer_id,
        from: new Date(start).toISOString(),
        to: new Date(start + STEP_MS).toISOString(),
      },
    });
  return (
    <div className="customer-chart">
      <UsageChart
        points={points}
        height={HEIGHT}
        size="small"
        label="Quarter of an hour"
        onOpen={open}
      />
    </div>
  );
}
