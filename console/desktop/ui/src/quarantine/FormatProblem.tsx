import type { TryFormatView } from "@suiftly/ui/api/admin";
import { markAt } from "./marks";

interface FormatProblemProps {
  tried: TryFormatView | undefined;
  text: string;
}

/** What is wrong with the string, and where; and what is doubtful about it. */
export function FormatProblem({ tried, text }: FormatProblemProps) {
  if (tried === undefined) return null;
  const { error, warnings } = tried;
  return (
    <div aria-live="polite">
      {error != null && (
        <div className="format-error" data-testid="format-error">
          {error.field === "log_format" ? (
            <Place text={text} position={error.position} tone="bad" />
          ) : (
            <b>{error.field.replace("attribution.", "Attribution of ")}</b>
          )}
          <p>{error.message}</p>
        </div>
      )}
      {warnings.map(({ position, text: words }) => (
        <p key={`${position} ${words}`} className="format-warning">
          <Place text={text} position={position} tone="warn" /> {words}
        </p>
      ))}
    </div>
  );
}

/** The part of the string that is meant, with a little before it. */
function Place({ text, position, tone }: { text: string; position: number; tone: string }) {
  const { before, wrong } = markAt(text, position);
  return (
    <code className="mono">
      {before.length > 24 ? `…${before.slice(-24)}` : before}
      <mark data-tone={tone}>{wrong === "" ? "▏" : wrong}</mark>
    </code>
  );
}
