import { useSyncExternalStore } from "react";
import { formatAgo, formatClock, formatDate, formatMoment } from "../format/time";
import { SECOND_MS } from "../timing";

interface MomentProps {
  /** RFC 3339, or Unix time in ms. */
  iso: string | number;
  /** The server's now. Without it this machine's, which moves on by itself. */
  now?: number;
  format?: "moment" | "date" | "clock" | "ago";
}

/** A time in words of the reader; as it was recorded on hover. */
export function Moment({ iso, now, format = "moment" }: MomentProps) {
  const local = useSyncExternalStore(tick, localNow, localNow);
  const ms = typeof iso === "number" ? iso : Date.parse(iso);
  const raw = typeof iso === "number" ? new Date(iso).toISOString() : iso;
  return (
    <time className="moment" dateTime={raw} title={raw}>
      {words(ms, now ?? local, format)}
    </time>
  );
}

function words(ms: number, now: number, format: NonNullable<MomentProps["format"]>): string {
  switch (format) {
    case "moment":
      return formatMoment(ms, now);
    case "date":
      return formatDate(ms);
    case "clock":
      return formatClock(ms);
    case "ago":
      return formatAgo(ms, now);
  }
}

// One clock for all times on a page: whole seconds, so that between two of them nothing changes.
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const tell of listeners) tell();
  }, SECOND_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function localNow(): number {
  return Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
}
