import { Button, Count, formatDay, Money } from "@suiftly/ui";
import { useState } from "react";
import { dayOf } from "../search";
import type { DrillProps } from "./DrillDown";
import { HourRows } from "./HourRows";
import { Opener } from "./Opener";
import type { Day } from "./points";

/** So many days are in sight before more are asked for. */
const FEW = 5;

/** The days that were billed, the latest first. */
export function DayRows({ days, ...drill }: DrillProps & { days: readonly Day[] }) {
  const [all, setAll] = useState(false);
  const { rows, onOpen, service } = drill;
  const billed = days.filter(hasTraffic).reverse();
  const shown = billed.filter((day, at) => all || at < FEW || dayOf(day.start) === rows.day);
  if (billed.length === 0) return null;
  return (
    <div className="mt-3">
      <table className="drill-table">
        <caption className="visually-hidden">Days, the latest first</caption>
        <tbody>
          {shown.map((day) => {
            const name = dayOf(day.start);
            const isOpen = rows.day === name;
            return (
              <DayRow
                key={name}
                day={day}
                isOpen={isOpen}
                onToggle={() => onOpen(isOpen ? { open: service } : { open: service, day: name })}
                drill={drill}
              />
            );
          })}
        </tbody>
      </table>
      {shown.length < billed.length && (
        <Button kind="quiet" size="small" onClick={() => setAll(true)}>
          All {billed.length} days
        </Button>
      )}
    </div>
  );
}

function hasTraffic({ counts, ratedMicroUsd }: Day): boolean {
  return counts.requests > 0 || ratedMicroUsd !== 0;
}

interface DayRowProps {
  day: Day;
  isOpen: boolean;
  onToggle: () => void;
  drill: DrillProps;
}

function DayRow({ day, isOpen, onToggle, drill }: DayRowProps) {
  return (
    <>
      <tr>
        <th scope="row">
          <Opener isOpen={isOpen} onToggle={onToggle}>
            {formatDay(day.start)}
          </Opener>
        </th>
        <td className="number figure">
          <Count value={day.counts.billable_requests} unit="billed" />
        </td>
        <td className="number figure max-wide:hidden">
          <Count
            value={Math.max(0, day.counts.requests - day.counts.billable_requests)}
            unit="free"
          />
        </td>
        <td className="number figure">
          <Money microUsd={day.ratedMicroUsd} digits="all" />
        </td>
      </tr>
      {isOpen && (
        <tr className="drill-inner">
          <td colSpan={4}>
            <HourRows {...drill} day={dayOf(day.start)} />
          </td>
        </tr>
      )}
    </>
  );
}
