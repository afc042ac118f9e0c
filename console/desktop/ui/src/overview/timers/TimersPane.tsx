import { Known, Spark, UNKNOWN, Unit } from "@suiftly/ui";
import type { PhaseWord } from "@suiftly/ui/api/admin";
import { memo, useState } from "react";
import { formatMillis } from "../../model/format";
import { Loaded, Pane } from "../../parts/Pane";
import { useServerNames } from "../../parts/ServerName";
import { placeName } from "../places";
import { HeatPart } from "./HeatPart";
import type { PhaseRow } from "./phases";
import type { SlowPhase } from "./slow";
import { useTimers } from "./useTimers";
import "./timers.css";

/** How long each phase takes, which is slow, and one of them over the hour. */
export const TimersPane = memo(function TimersPane({ minute }: { minute: number }) {
  const { rows, slow, query } = useTimers(minute);
  const [chosen, setChosen] = useState<PhaseWord | null>(null);
  // Until somebody chooses, the slow phase is the one to look at.
  const phase = chosen ?? slow?.phase.key ?? "response";
  const shown = rows.find(({ key }) => key === phase);
  return (
    <Pane
      title="Timers"
      note="5 min, all services · against the same hour last week"
      className="overview-timers"
    >
      <Loaded query={query} what="Timers" rows={4}>
        {() => (
          <table className="dense timers">
            <thead>
              <tr>
                <th scope="col" colSpan={2}>
                  Phase
                </th>
                {["p50", "p95", "p99", "last week"].map((word) => (
                  <th key={word} scope="col" className="number">
                    {word}
                  </th>
                ))}
                <th scope="col">
                  <span className="visually-hidden">p99 over the hour</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, at) => (
                <TimerRow
                  key={row.key}
                  row={row}
                  slow={slow?.phase.key === row.key ? slow : null}
                  isFirst={at === 0}
                  isShown={row.key === phase}
                  onChoose={() => setChosen(row.key)}
                />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      {shown && <HeatPart minute={minute} phase={shown} />}
    </Pane>
  );
});

interface TimerRowProps {
  row: PhaseRow;
  slow: SlowPhase | null;
  isFirst: boolean;
  isShown: boolean;
  onChoose: () => void;
}

const SPARK = { width: 80, height: 14, capacity: 60 } as const;

function TimerRow({ row, slow, isFirst, isShown, onChoose }: TimerRowProps) {
  const { key, code, word, times, lastWeek, spark } = row;
  return (
    <tr
      data-alarming={slow !== null}
      data-shown={isShown}
      data-testid={`timer-${key}`}
      onClick={onChoose}
    >
      <th scope="row">
        <code className="code">{code}</code>
      </th>
      <td>
        <button type="button" className="timer-word" aria-pressed={isShown}>
          {word}
        </button>
        {slow && <SlowWhere slow={slow} />}
      </td>
      <Millis ms={times?.p50 ?? null} hasUnit={isFirst} />
      <Millis ms={times?.p95 ?? null} />
      <Millis ms={times?.p99 ?? null} isLoud={slow !== null} hook={`timer-${key}-p99`} />
      <Millis ms={lastWeek} isQuiet />
      <td>
        <Spark values={spark} {...SPARK} />
      </td>
    </tr>
  );
}

function SlowWhere({ slow: { where } }: { slow: SlowPhase }) {
  const place = placeName(where, useServerNames());
  return <b className="timer-slow">slow: {place === "" ? "everywhere" : place}</b>;
}

interface MillisProps {
  ms: number | null;
  hasUnit?: boolean;
  isLoud?: boolean;
  isQuiet?: boolean;
  hook?: string;
}

/** Milliseconds: the first figure says so for all. What is longer says its own unit. */
function Millis({ ms, hasUnit = false, isLoud = false, isQuiet = false, hook }: MillisProps) {
  const { value, unit } = ms === null ? { value: UNKNOWN, unit: "ms" } : formatMillis(ms);
  return (
    <td
      className="number"
      data-strong={isLoud}
      data-quiet={isQuiet}
      data-testid={hook}
      data-value={ms ?? undefined}
    >
      <Known text={value} />
      {ms !== null && (hasUnit || unit !== "ms") && <Unit>{unit}</Unit>}
    </td>
  );
}
