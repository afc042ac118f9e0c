import {
  Brand,
  formatClock,
  formatDate,
  formatMoment,
  formatSpan,
  Glyph,
  LiveMarker,
} from "@suiftly/ui";
import { useConsole } from "../app/console";

interface TitleBarProps {
  onPalette: () => void;
  onChangeServer: () => void;
}

export function TitleBar({ onPalette, onChangeServer }: TitleBarProps) {
  const { live, view, held } = useConsole();
  const { now } = live;
  return (
    <header className="title-bar">
      <div className="title-part">
        <h1 className="title-name">
          <Brand /> console
        </h1>
        <button
          type="button"
          className="title-server"
          onClick={onChangeServer}
          title="Change server"
          data-testid="address"
        >
          {view.profile !== null && <b>{view.profile} · </b>}
          {view.address}
        </button>
      </div>
      <button
        type="button"
        className="title-find"
        onClick={(event) => {
          // A pointer leaves no focus here: Space is to hold the screen afterwards, not to open this again.
          if (event.detail > 0) event.currentTarget.blur();
          onPalette();
        }}
        data-testid="find"
      >
        <span>Find a customer, key, server, request…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div className="title-part">
        {held ? (
          <HeldMarker heldAt={view.now} now={now} />
        ) : (
          <LiveMarker
            completeTo={view.server.usage.usage?.completeTo ?? null}
            now={now}
            reconnecting={view.status.phase !== "open"}
            data-testid="live-marker"
          />
        )}
        <span className="text-ink-3">{formatDate(now)}</span>
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
