import type { Problem } from "@suiftly/ui";
import { useCallback, useEffect, useState } from "react";
import { Live } from "./Live";
import { OverviewShapes } from "./overview/OverviewShapes";
import { Frame } from "./shell/Frame";
import { SignIn } from "./signin/SignIn";
import { signIn, takeTokenFromLink } from "./signin/session";

type Session =
  | { readonly phase: "signing-in" }
  | { readonly phase: "refused"; readonly problem: Problem }
  // A new visit starts the live page afresh.
  | { readonly phase: "live"; readonly visit: number };

/** A link with a token signs in first; without one the cookie of an earlier visit is tried. */
export function App({ token }: { token: string | null }) {
  const [session, setSession] = useState<Session>(
    token === null ? { phase: "live", visit: 0 } : { phase: "signing-in" },
  );

  const enter = useCallback(() => setSession({ phase: "live", visit: Date.now() }), []);

  const followLink = useCallback(
    async (linkToken: string | null) => {
      if (linkToken === null) return;
      const problem = await signIn(linkToken);
      if (problem === null) enter();
      else setSession({ phase: "refused", problem });
    },
    [enter],
  );

  useEffect(() => void followLink(token), [followLink, token]);
  useEffect(() => {
    const onHashChange = () => void followLink(takeTokenFromLink());
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
    case "refused":
      return <SignIn problem={session.problem} onSignedIn={enter} />;
    case "live":
      return <Live key={session.visit} />;
  }
}
