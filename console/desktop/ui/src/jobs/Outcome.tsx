import { formatDuration, StatusGlyph } from "@suiftly/ui";
import type { JobRun } from "@suiftly/ui/api/admin";

/** How a run ended. What went well needs no colour. */
export function Outcome({ run }: { run: JobRun | null | undefined }) {
  if (run == null) return <span className="text-ink-3">never ran</span>;
  switch (run.outcome) {
    case "done":
      return <>done</>;
    case "failed":
      return <StatusGlyph status="down" word="failed" />;
    case "abandoned":
      return <StatusGlyph status="suspended" word="abandoned" />;
    default:
      return <StatusGlyph status="updating" word="running" />;
  }
}

/** How long a run took; it may still run. */
export function Took({ run }: { run: JobRun | null | undefined }) {
  if (run?.ended_at == null) return <>–</>;
  return <>{formatDuration(Date.parse(run.ended_at) - Date.parse(run.started_at))}</>;
}
