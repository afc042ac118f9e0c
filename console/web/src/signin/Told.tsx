import { Glyph, type Problem } from "@suiftly/ui";

/** What went wrong, with its code, beside what it is about. Always there, so that it is announced. */
export function Told({ problem, again }: { problem: Problem | null; again?: () => void }) {
  return (
    <div role="alert">
      {problem && (
        <p className="field-error">
          <Glyph of="down" />
          <span>
            {problem.title} Code <code className="code">{problem.code}</code>{" "}
            {again && (
              <button type="button" className="link" onClick={again}>
                Try again
              </button>
            )}
          </span>
        </p>
      )}
    </div>
  );
}
