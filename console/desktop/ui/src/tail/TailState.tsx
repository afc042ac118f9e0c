// How the tail stands: its rates, what was left out, whether it is held, and whether it is connected.
import { formatCount, formatRate } from "@suiftly/ui";
import type { TailView } from "./follow";
import { LINES_KEPT, rates } from "./ring";
import type { Held } from "./useHeld";

export function TailRates({ view: { ring } }: { view: TailView }) {
  const { shown, oneOf } = rates(ring);
  return (
    <span className="tail-rates" data-testid="tail-rates" data-value={ring.came}>
      <span>
        {formatRate(shown)} <span className="text-ink-3">lines / s</span>
      </span>
      <span className={oneOf > 1.05 ? "tail-warn" : "text-ink-3"}>
        {oneOf > 1.05
          ? `sampled: 1 of ${oneOf.toFixed(oneOf < 10 ? 1 : 0)} that fit`
          : "all that fit"}
      </span>
      {ring.dropped > 0 && (
        <span className="tail-warn">
          {formatCount(ring.dropped)} went by: this window was too slow for them
        </span>
      )}
      <span className="text-ink-3">the last {formatCount(LINES_KEPT)} are kept here</span>
    </span>
  );
}

export function TailLink({ view: { status, unreadable } }: { view: TailView }) {
  const words = linkWords(status);
  if (words === null && !unreadable) return null;
  return (
    <p className="tail-link" role="status">
      {words}{" "}
      {unreadable && "Something came that this console cannot read: it is older than its server."}
    </p>
  );
}

/** What is wrong with the connection, and that it is being tried; null where nothing is. */
function linkWords(status: TailView["status"]): string | null {
  switch (status.phase) {
    case "open":
      return null;
    case "idle":
    case "connecting":
      return "Connecting to the live tail.";
    case "refused":
      return `The server refused the live tail: ${sentence(status.reason)}`;
    case "unreachable":
      return `The live tail broke off: ${sentence(status.reason)} It is being tried again; what comes meanwhile is found in the drill.`;
    case "broken":
      return `The live tail does not run: ${sentence(status.reason)} It is being tried again.`;
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export function HeldWord({ held: { held, meanwhile, follow, hold } }: { held: Held }) {
  if (!held) {
    return (
      <button type="button" className="btn" data-testid="tail-hold" onClick={hold}>
        Hold
      </button>
    );
  }
  return (
    <span className="tail-held">
      <span data-testid="tail-meanwhile" data-value={meanwhile}>
        held; {formatCount(meanwhile)} came meanwhile
      </span>
      <button
        type="button"
        className="btn"
        data-kind="primary"
        data-testid="tail-follow"
        onClick={follow}
      >
        Follow
      </button>
    </span>
  );
}
