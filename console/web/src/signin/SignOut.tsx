import { Button } from "@suiftly/ui";
import { useSignOut } from "./useSignOut";

/** Ends the session here and at the server. */
export function SignOut() {
  const { busy, signOut } = useSignOut();
  return (
    <Button kind="quiet" busy={busy} onClick={() => void signOut()} data-testid="sign-out">
      Sign out
    </Button>
  );
}
