import {
  ApiError,
  Button,
  ConfirmDialog,
  formatDuration,
  formatMoment,
  formatSpan,
  TextField,
} from "@suiftly/ui";
import { moveClock } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../app/console";
import { clockQuery } from "../app/managerClock";
import { client } from "../app/session";
import { instantText, parseInstant } from "../model/instant";
import { useAct } from "../parts/acts/useAct";
import { Loaded, Pane } from "../parts/Pane";

/** The clock that months and jobs go by. Development and tests may move it ahead. */
export function Clock() {
  const query = useQuery(clockQuery);
  const now = useNow();
  const [moving, setMoving] = useState(false);
  return (
    <Pane title="The manager’s clock" className="jobs-clock">
      <Loaded query={query} what="The clock" rows={1}>
        {({ offset_ms }) => (
          <div className="tight-row">
            <span data-testid="manager-clock" data-value={offset_ms}>
              <b>{formatMoment(now + offset_ms, now)}</b>{" "}
              <span className="text-ink-3">
                {offset_ms === 0
                  ? "the machine’s time"
                  : `${formatSpan(offset_ms)} ahead of the machine’s`}
              </span>
            </span>
            <span className="rest">
              <Button onClick={() => setMoving(true)}>Move it</Button>
            </span>
            {moving && <MoveClock at={now + offset_ms} onClose={() => setMoving(false)} />}
          </div>
        )}
      </Loaded>
    </Pane>
  );
}

function MoveClock({ at, onClose }: { at: number; onClose: () => void }) {
  const [text, setText] = useState(() => instantText(at + 3_600_000));
  const to = parseInstant(text);
  const wrong =
    to === null
      ? "A time such as 2026-12-01 00:30, UTC."
      : to <= at
        ? "Later than the clock is: it never goes back."
        : null;
  const move = useAct({
    send: (ms: number) => moveClock({ client, body: { now: new Date(ms).toISOString() } }),
    topics: ["jobs", "invoices", "customers"],
    told: ({ tookMs }) => `The clock moved in ${formatDuration(tookMs)}`,
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Move the manager’s clock ahead?"
      verb="Move the clock"
      keep="Leave it"
      danger
      onConfirm={async () => {
        if (to === null || wrong !== null) {
          throw new ApiError(400, { title: wrong ?? "", code: "validation" });
        }
        await move.run(to);
      }}
    >
      <p>
        Months that end on the way are renewed, closed and charged as if the time had passed, and it
        cannot be taken back. The server does this in development and test databases only, and
        refuses it elsewhere. It needs the role admin.
      </p>
      <div className="clock-to">
        <TextField label="Now is, UTC" value={text} onChange={setText} error={wrong} code />
      </div>
    </ConfirmDialog>
  );
}
