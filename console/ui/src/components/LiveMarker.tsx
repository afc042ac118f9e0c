import { formatMoment, formatSpan } from "../format/time";
import { freshness } from "../stream/freshness";
import { Glyph } from "./StatusGlyph";

interface LiveMarkerProps {
  /** Unix time in ms, null before the first figures. */
  completeTo: number | null;
  /** The server's now. */
  now: number;
  /** Whether the connection is being made anew, as opposed to the server itself being behind. */
  reconnecting: boolean;
  "data-testid"?: string;
}

/** How far the figures are complete: a line that fills each second, and the time. */
export function LiveMarker({ completeTo, now, reconnecting, ...hooks }: LiveMarkerProps) {
  if (completeTo === null) {
    return (
      <span className="live-marker" data-level="stale" {...hooks}>
        <i className="live-line" />
        {reconnecting ? "Not connected" : "Connecting"}
      </span>
    );
  }
  const { level, behindMs } = freshness(completeTo, now);
  const iso = new Date(completeTo).toISOString();
  return (
    <span
      className="live-marker"
      data-level={level}
      data-complete-to={iso}
      title={`Everything up to ${iso} is counted`}
      {...hooks}
    >
      <i className="live-line" />
      {level === "live" && (
        <span className="live-words">Complete to {formatMoment(completeTo, now)}</span>
      )}
      {level === "late" && (
        <>
          <Glyph of="config-needed" />
          {formatSpan(behindMs)} behind.{" "}
          <span className="live-words">
            {reconnecting ? "Trying again" : "Waiting for the server"}
          </span>
        </>
      )}
      {level === "stale" && `Stopped at ${formatMoment(completeTo, now)}`}
    </span>
  );
}
