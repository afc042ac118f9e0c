import { CLASSES, MINUTE_MS, Swatch, sumCounts, TrafficChart, type Usage } from "@suiftly/ui";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { useConsole } from "../app/console";
import { Pane } from "../parts/Pane";
import { useSize } from "./parts/useSize";
import { rfc3339 } from "./span";

/** Every request of the last hour, as the stream tells them. A minute opens in the drill. */
export function Traffic() {
  const { view } = useConsole();
  const { usage } = view.server.usage;
  const [ref, { height }] = useSize<HTMLDivElement>();
  const navigate = useNavigate();
  const open = useCallback(
    (start: number) => {
      const search = { measure: "requests", from: rfc3339(start), to: rfc3339(start + MINUTE_MS) };
      void navigate({ to: "/drill", search });
    },
    [navigate],
  );
  return (
    <Pane title="Lines by class, last hour" note={<ClassWords />} className="overview-traffic">
      <div ref={ref} className="overview-fill" data-testid="traffic">
        {usage === null ? (
          <div className="skeleton overview-shape" />
        ) : (
          height > 0 && (
            <TrafficChart
              minutes={usage.minutes}
              completeTo={usage.completeTo}
              now={view.now}
              height={height}
              whole={isAll(usage)}
              size="dense"
              onOpen={open}
            />
          )
        )}
      </div>
    </Pane>
  );
}

function ClassWords() {
  return (
    <ul className="class-words">
      {CLASSES.map(({ key, word }) => (
        <li key={key}>
          <Swatch of={key} />
          {word}
        </li>
      ))}
      <li className="text-ink-3">lines a minute</li>
    </ul>
  );
}

/** Whether the hour holds all there ever were this month. */
function isAll({ minutes, counts }: Usage): boolean {
  return sumCounts(minutes.map((minute) => minute.counts)).requests === counts.requests;
}
