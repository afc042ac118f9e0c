import { ApiError, type Problem } from "@suiftly/ui";
import { useEffect } from "react";
import { useLazy } from "../../shell/useLazy";
import { useAsked } from "./order";

const NOT_LOADED: Problem = {
  title: "The part of this page that talks to wallets did not load. Nothing was signed.",
  code: "page_not_loaded",
};

/** The code of wallets is large: it comes when something is to be signed. */
const loadDialog = async () => (await import("./SignDialog")).SignDialog;

/** Shows what is to be signed, over whatever page asked for it: it outlives the dialog that did. */
export function SigningHost() {
  const asked = useAsked();
  const [SignDialog, load] = useLazy(loadDialog);
  useEffect(() => {
    if (asked === null) return;
    void load().then((loaded) => loaded || asked.given(new ApiError(0, NOT_LOADED)));
  }, [asked, load]);
  if (asked === null || SignDialog === null || SignDialog === "failed") return null;
  return <SignDialog key={asked.nth} asked={asked} />;
}
