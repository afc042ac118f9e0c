import { Button, type Problem } from "@suiftly/ui";
import { useState } from "react";
import { signOut } from "./session";

/** Ends the session here and at the server. */
export function SignOut({ onSignedOut }: { onSignedOut: () => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const leave = async () => {
    setBusy(true);
    const failure = await signOut();
    setBusy(false);
    setProblem(failure);
    if (failure === null) onSignedOut();
  };
  return (
    <>
      <Button kind="quiet" busy={busy} onClick={leave} data-testid="sign-out">
        Sign out
      </Button>
      <span role="alert" className={problem ? "text-12 text-ink-2" : "visually-hidden"}>
        {problem && `Not signed out: ${problem.title}`}
      </span>
    </>
  );
}
