import { type ReactNode, useEffect, useRef, useState } from "react";
import { COPIED_MS } from "../timing";
import { Button } from "./Button";

interface CopyProps {
  text: string;
  children?: ReactNode;
  kind?: "primary" | "quiet";
  size?: "large" | "small";
}

type Outcome = "copied" | "refused" | null;

/** Puts a text on the clipboard. Where that is refused it is shown, selected, to be copied by hand. */
export function Copy({ text, children = "Copy", kind, size }: CopyProps) {
  const [outcome, setOutcome] = useState<Outcome>(null);
  useEffect(() => {
    if (outcome !== "copied") return;
    const timer = setTimeout(() => setOutcome(null), COPIED_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      // Refused by the browser, or no secure origin.
      setOutcome("refused");
    }
  };
  return (
    <span className="copy">
      <Button {...(kind && { kind })} {...(size && { size })} onClick={() => void copy()}>
        {/* Both words keep their place, so that the button keeps its width. */}
        <span className="copy-words" data-copied={outcome === "copied"}>
          <span>{children}</span>
          <span aria-hidden="true">Copied</span>
        </span>
      </Button>
      <span className="visually-hidden" role="status">
        {outcome === "copied" && "Copied"}
      </span>
      {outcome === "refused" && <ByHand text={text} />}
    </span>
  );
}

function ByHand({ text }: { text: string }) {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => {
    ref.current?.focus();
    ref.current?.select();
  }, []);
  return (
    <input
      ref={ref}
      className="copy-by-hand code"
      readOnly
      value={text}
      aria-label="Selected: press Ctrl or Command and C to copy it"
    />
  );
}
