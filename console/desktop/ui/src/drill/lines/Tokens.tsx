import type { RecordLine } from "@suiftly/ui/api/admin";
import { tokensOf } from "./tokens";

/** The whole line, as it was read: each token says what it is on hover. */
export function Tokens({ line }: { line: RecordLine }) {
  return (
    <p className="line-tokens" data-testid="line-tokens">
      {tokensOf(line).map(({ name, text, bad }) => (
        <span key={name}>
          <span title={name} className={bad ? "line-loud" : undefined}>
            {text}
          </span>{" "}
        </span>
      ))}
    </p>
  );
}
