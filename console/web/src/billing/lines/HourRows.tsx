import { Count, explain, Failed, formatBytes, Money, SkeletonRows, Unit } from "@suiftly/ui";
import type { HourRow } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useLastError } from "../../app/useLastError";
import { hoursQuery } from "../queries";
import type { OpenRows } from "../search";
import type { DrillProps } from "./DrillDown";
import { Opener } from "./Opener";
import { RecordRows } from "./RecordRows";

/** What each hour of a day adds to the bill: the hours of all days add up to the lines. */
export function HourRows({ day, ...drill }: DrillProps & { day: string }) {
  const { source, service, rows, onOpen } = drill;
  const query = useQuery(hoursQuery(source, service));
  const error = useLastError(query);
  const { data, refetch } = query;
  if (data === undefined) {
    if (error === null) return <SkeletonRows rows={3} columns={3} />;
    return (
      <Failed
        what="The hours did not load"
        problem={explain(error)}
        onRetry={() => void refetch()}
        unaffected="The bill is not affected."
      />
    );
  }
  const hours = data.filter(({ hour }) => hour.startsWith(day)).reverse();
  if (hours.length === 0)
    return <p className="text-12 text-ink-3">Nothing was billed on this day.</p>;
  return (
    <table className="drill-table" data-stale={error !== null}>
      <caption className="visually-hidden">Hours of the day, the latest first</caption>
      <tbody>
        {hours.map((hour) => {
          const own = placeOf(hour, day, service);
          const isOpen = rows.hour === own.hour && rows.network === own.network;
          return (
            <Hour
              key={`${hour.hour} ${hour.network} ${hour.price_book}`}
              row={hour}
              isOpen={isOpen}
              onToggle={() => onOpen(isOpen ? { open: service, day } : own)}
              drill={drill}
            />
          );
        })}
      </tbody>
    </table>
  );
}

interface HourProps {
  row: HourRow;
  isOpen: boolean;
  onToggle: () => void;
  drill: DrillProps;
}

function Hour({ row, isOpen, onToggle, drill: { source, service } }: HourProps) {
  const bytes = formatBytes(row.billable_bytes);
  return (
    <>
      <tr>
        <th scope="row">
          <Opener isOpen={isOpen} onToggle={onToggle}>
            {row.hour.slice(11, 16)}
            <span className="ml-2 text-ink-3">{row.network ?? "unknown network"}</span>
          </Opener>
        </th>
        <td className="number figure">
          <Count value={row.billable_requests} unit="billed" />
        </td>
        <td className="number figure max-wide:hidden">
          {bytes.value}
          <Unit>{bytes.unit}</Unit>
        </td>
        <td className="number figure">
          <Money microUsd={row.charged_micro_usd} digits="all" />
        </td>
      </tr>
      {isOpen && (
        <tr className="drill-inner">
          <td colSpan={4}>
            <RecordRows source={source} service={service} hour={row.hour} network={row.network} />
          </td>
        </tr>
      )}
    </>
  );
}

/** Where an hour's requests are, in the URL. */
function placeOf({ hour, network }: HourRow, day: string, open: string): OpenRows {
  return { open, day, hour: hour.slice(11, 13), ...(network != null && { network }) };
}
