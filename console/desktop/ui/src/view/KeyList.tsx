import { Button } from "@suiftly/ui";
import { useEffect, useRef } from "react";

const KEYS = [
  ["Space", "hold the screen, and let it go"],
  ["T", "dark or light"],
  ["← →", "move along the minutes, once the chart has the focus"],
  ["?", "this list"],
  ["Esc", "back"],
] as const;

/** A dialog: it traps the focus and gives it back. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="sheet" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">Keys</h2>
      <dl className="key-list">
        {KEYS.map(([key, word]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{word}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <Button type="submit">Close</Button>
      </form>
    </dialog>
  );
}
