import { formatCount, type Line, LineChart } from "@suiftly/ui";
import type { InfraSeries, Series } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Loaded, Pane } from "../parts/Pane";
import { fleetHoursQuery, hoursQuery } from "./queries";
import { times95 } from "./series";
import { useCustomer } from "./useCustomer";

const HEIGHT = 112;
const format = (ms: number) => formatCount(Math.round(ms));

/** How long they wait, beside how long everybody does. */
export function Times() {
  const { customer_id } = useCustomer();
  const query = useQuery(hoursQuery(customer_id));
  const { data: fleet } = useQuery(fleetHoursQuery);
  return (
    <Pane title="Time at the gateway" note="ms · p95 this customer sees, the fleet’s dashed">
      <Loaded query={query} what="Their times" rows={3}>
        {(series) => <Lines series={series} fleet={fleet} />}
      </Loaded>
    </Pane>
  );
}

function Lines({ series, fleet }: { series: Series; fleet: InfraSeries | undefined }) {
  const of = useMemo(() => times95(series, fleet), [series, fleet]);
  const lines: readonly Line[] = [
    { key: "fleet", label: "fleet", values: of.fleet, weight: "dashed" },
    { key: "theirs", label: "this", values: of.theirs, weight: "bold" },
  ];
  return (
    <div className="customer-chart">
      <LineChart
        times={of.times}
        series={lines}
        format={format}
        unit="ms"
        height={HEIGHT}
        label="Time at the gateway, p95"
        live
      />
    </div>
  );
}
