import { Button, Glyph, type Problem } from "@suiftly/ui";
import { type FormEvent, useId, useState } from "react";
import { signIn } from "./session";

interface TokenFormProps {
  problem?: Problem;
  onSignedIn: () => void;
}

export function TokenForm({ problem: firstProblem, onSignedIn }: TokenFormProps) {
  const inputId = useId();
  const errorId = useId();
  const [problem, setProblem] = useState(firstProblem ?? null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token")).trim();
    setBusy(true);
    const failure = await signIn(token);
    setBusy(false);
    setProblem(failure);
    if (failure === null) onSignedIn();
  };

  return (
    <form data-testid="signin" onSubmit={submit}>
      <div className="field mb-4">
        <label htmlFor={inputId}>Development token</label>
        <input
          id={inputId}
          name="token"
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          className="font-mono"
          aria-invalid={problem !== null}
          aria-describedby={errorId}
        />
        <div id={errorId} role="alert">
          {problem && (
            <p className="field-error">
              <Glyph of="down" />
              {problem.title}
            </p>
          )}
        </div>
      </div>
      <div className="grid">
        <Button type="submit" kind="primary" size="large" busy={busy}>
          Sign in
        </Button>
      </div>
    </form>
  );
}
