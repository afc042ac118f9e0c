import { Brand, formatClock, formatMoment, formatSpan, Glyph, LiveMarker } from "@suiftly/ui";
import type { ConsoleView } from "../link/follow";

interface TitleBarProps {
  view: ConsoleView;
  /** The server's now at which the screen was held; null while it moves. */
  heldAt: number | null;
  now: number;
  onChangeServer: () => void;
}

export function TitleBar({ view, heldAt, now, onChangeServer }: TitleBarProps) {
  const completeTo = view.server.usage.usage?.completeTo ?? null;
  return (
    <header className="title-bar">
      <div className="title-part">
        <h1 className="title-name">
          <Brand /> console
        </h1>
        <span className="text-ink-3" data-testid="address">
          {view.address}
        </span>
        <button type="button" className="link" onClick={onChangeServer}>
          Change server
        </button>
      </div>
      <div className="title-part">
        {heldAt === null ? (
          <LiveMarker
            completeTo={completeTo}
            now={now}
            reconnecting={view.status.phase !== "open"}
            data-testid="live-marker"
          />
        ) : (
          <HeldMarker heldAt={heldAt} now={now} />
        )}
        <span className="text-ink-3">{formatDay(now)}</span>
        <b className="title-clock">{formatClock(now)} UTC</b>
      </div>
    </header>
  );
}

function HeldMarker({ heldAt, now }: { heldAt: number; now: number }) {
  return (
    <span className="held-marker" role="status" data-testid="held-marker">
      <Glyph of="suspended" />
      <span>
        Held at {formatMoment(heldAt, now)}
        <span aria-hidden="true">, {formatSpan(now - heldAt)} ago</span>. Space lets go
      </span>
    </span>
  );
}

/** "19 Nov 2026" */
function formatDay(ms: number): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(ms);
}
