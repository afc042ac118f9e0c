import { useToast } from "@suiftly/ui";
import { useState } from "react";
import { leave } from "../app/visit";
import { signOut } from "./session";

/** Ends the session at the server, and with it every tab of this browser. */
export function useSignOut(): { readonly busy: boolean; readonly signOut: () => Promise<void> } {
  const [busy, setBusy] = useState(false);
  const toast = useToast();
  return {
    busy,
    signOut: async () => {
      setBusy(true);
      const failure = await signOut();
      setBusy(false);
      if (failure === null) leave();
      else
        toast({
          kind: "bad",
          text: `You are still signed in: ${failure.title} Code ${failure.code}`,
        });
    },
  };
}
