import { ClassLegend, DAY_MS, explain, Failed, Skeleton, sumCounts, UsageChart } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useLastError } from "../../app/useLastError";
import { daysQuery, hoursQuery, type Source } from "../queries";
import { dayOf, type OpenRows } from "../search";
import { monthEnd, monthStart } from "../words";
import { DayRows } from "./DayRows";
import { asBilled, daysOf } from "./points";

export interface DrillProps {
  source: Source;
  service: ServiceWord;
  rows: OpenRows;
  onOpen: (rows: OpenRows) => void;
}

/** A service's month: its days as a chart and as rows that open to hours and requests. */
export function DrillDown({ source, service, rows, onOpen }: DrillProps) {
  const { days, error, refetch } = useDays(source, service);
  if (days === undefined) {
    if (error === null) return <Skeleton className="h-40" />;
    return (
      <Failed
        what="The days did not load"
        problem={explain(error)}
        onRetry={refetch}
        unaffected="The bill is not affected."
      />
    );
  }
  const choose = (start: number) => onOpen({ open: service, day: dayOf(start) });
  return (
    <div className="drill" data-stale={error !== null}>
      <UsageChart
        points={days}
        label="Day"
        size="small"
        onOpen={choose}
        legend={<ClassLegend counts={sumCounts(days.map(({ counts }) => counts))} />}
      />
      <DayRows days={days} source={source} service={service} rows={rows} onOpen={onOpen} />
    </div>
  );
}

/** The traffic of each day, with what was billed of it: of an invoice, what that has. */
function useDays(source: Source, service: ServiceWord) {
  const traffic = useQuery(daysQuery(service, rangeOf(source)));
  const hours = useQuery({ ...hoursQuery(source, service), enabled: !source.draft });
  const days = traffic.data && daysOf(traffic.data);
  const billed = days && hours.data && asBilled(days, hours.data);
  const [trafficError, hoursError] = [useLastError(traffic), useLastError(hours)];
  const error = trafficError ?? hoursError;
  const refetch = () => {
    void traffic.refetch();
    if (!source.draft) void hours.refetch();
  };
  return { days: source.draft ? days : billed, error, refetch };
}

/** Whole days; the running one among them. */
function rangeOf({ draft, month }: Source): { from: string; to: string } {
  const from = monthStart(month);
  const end = monthEnd(month);
  const today = Date.now() - (Date.now() % DAY_MS) + DAY_MS;
  const to = draft ? Math.min(end, Math.max(today, from + DAY_MS)) : end;
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
