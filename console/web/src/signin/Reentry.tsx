import { Button, Dialog } from "@suiftly/ui";
import { useEffect, useRef } from "react";
import { knownAddress, leave } from "../app/visit";
import { shortAddress } from "./session";
import { Way } from "./Way";

/** The session ended under an open page. What was being done waits behind it. */
export function Reentry({ onSignedIn }: { onSignedIn: (address: string) => void }) {
  const address = knownAddress();
  const words = useRef<HTMLParagraphElement>(null);
  // Not on the way out, which is all there is at first.
  useEffect(() => words.current?.focus(), []);
  return (
    <Dialog
      open
      // There is no way back but in or out.
      onClose={() => {}}
      title="Your session has ended"
      footer={
        <Button kind="quiet" onClick={leave}>
          Leave this page
        </Button>
      }
    >
      <p ref={words} tabIndex={-1} className="mb-4 text-ink-2 outline-none">
        {address === null ? (
          "Sign in again to go on."
        ) : (
          <>
            Sign in again as <span className="code">{shortAddress(address)}</span>. What you were
            doing is kept; another account starts afresh.
          </>
        )}
      </p>
      <Way {...(address !== null && { expected: address })} onSignedIn={onSignedIn} />
    </Dialog>
  );
}
