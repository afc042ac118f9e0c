import type { Problem } from "../api/problem";
import { StatusGlyph } from "./StatusGlyph";

interface FailedProps {
  /** "Usage did not load" */
  what: string;
  problem: Problem;
  onRetry?: () => void;
  /** What goes on all the same, as a sentence: "Billing is not affected." */
  unaffected?: string;
  /** The time that the figures kept below hold for: "14:27:10". */
  shownFrom?: string;
}

/** What failed, what did not, the code to quote, and the way on. */
export function Failed({ what, problem, onRetry, unaffected, shownFrom }: FailedProps) {
  return (
    <div className="failed" role="alert">
      <p className="failed-head">
        <StatusGlyph status="down" word={what} />
        {onRetry && (
          <button type="button" className="link" onClick={onRetry}>
            Try again
          </button>
        )}
      </p>
      <p className="failed-words">
        {problem.title} {unaffected} {shownFrom && <>Shown below: {shownFrom}.</>} Code{" "}
        <code className="code">{problem.code}</code>
      </p>
    </div>
  );
}
