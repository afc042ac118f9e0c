import type { Problem } from "@suiftly/ui";
import { useCallback, useEffect, useState } from "react";
import { Live } from "./Live";
import { OverviewShapes } from "./overview/OverviewShapes";
import { Frame } from "./shell/Frame";
import { SignIn } from "./signin/SignIn";
import { signInMock, takeWalletFromLink } from "./signin/session";

type Session =
  | { readonly phase: "signing-in" }
  | { readonly phase: "signed-out"; readonly problem?: Problem }
  // A new visit starts the live page afresh.
  | { readonly phase: "live"; readonly visit: number };

/** A link with a mock wallet signs in first; without one the cookie of an earlier visit is tried. */
export function App({ wallet }: { wallet: string | null }) {
  const [session, setSession] = useState<Session>(
    wallet === null ? { phase: "live", visit: 0 } : { phase: "signing-in" },
  );

  const enter = useCallback(() => setSession({ phase: "live", visit: Date.now() }), []);

  const leave = useCallback(() => setSession({ phase: "signed-out" }), []);

  const followLink = useCallback(
    async (linked: string | null) => {
      if (linked === null) return;
      const problem = await signInMock(linked);
      if (problem === null) enter();
      else setSession({ phase: "signed-out", problem });
    },
    [enter],
  );

  useEffect(() => void followLink(wallet), [followLink, wallet]);
  useEffect(() => {
    const onHashChange = () => void followLink(takeWalletFromLink());
    addEventListener("hashchange", onHashChange);
    return () => removeEventListener("hashchange", onHashChange);
  }, [followLink]);

  switch (session.phase) {
    case "signing-in":
      return (
        <Frame>
          <OverviewShapes />
        </Frame>
      );
    case "signed-out":
      return <SignIn {...(session.problem && { problem: session.problem })} onSignedIn={enter} />;
    case "live":
      return <Live key={session.visit} onSignedIn={enter} onSignedOut={leave} />;
  }
}
