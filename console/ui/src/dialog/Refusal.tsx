import type { Problem } from "../api/problem";
import { Glyph } from "../components/StatusGlyph";

/** What was refused and the code to quote, beside what asked for it. */
export function Refusal({ problem }: { problem: Problem }) {
  return (
    <div className="refusal" role="alert">
      <Glyph of="down" />
      <div>
        <p>
          {problem.title} <code className="code">{problem.code}</code>
        </p>
        {problem.errors?.map(({ field, message }) => (
          <p key={`${field} ${message}`}>{message}</p>
        ))}
      </div>
    </div>
  );
}
