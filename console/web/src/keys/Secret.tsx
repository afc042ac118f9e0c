// A key in full. It is in a component's state and nowhere else: not in a cache, an address, a log or storage.
import { Button, Copy, SECOND_MS } from "@suiftly/ui";
import { useEffect, useRef, useState } from "react";

const SHOWN_MS = 30_000;
const GROUP = /.{1,4}/g;

interface RevealedProps {
  text: string;
  onHide: () => void;
}

/** Goes by itself after half a minute. */
export function Revealed({ text, onHide }: RevealedProps) {
  const [until] = useState(() => Date.now() + SHOWN_MS);
  const [left, setLeft] = useState(SHOWN_MS);
  useEffect(() => {
    const timer = setInterval(() => setLeft(until - Date.now()), SECOND_MS / 4);
    return () => clearInterval(timer);
  }, [until]);
  useEffect(() => {
    if (left <= 0) onHide();
  }, [left, onHide]);
  const seconds = Math.max(0, Math.ceil(left / SECOND_MS));
  return (
    <div className="key-box">
      <header>
        <p>
          Shown to you for <b>{seconds} s</b> more. This is in your activity log.
        </p>
        <Copy text={text} kind="primary" size="small">
          Copy key
        </Copy>
      </header>
      <Characters text={text} />
      <p className="visually-hidden" role="status">
        The key is shown for 30 seconds.
      </p>
    </div>
  );
}

interface IssuedProps {
  text: string;
  /** What became of the key it replaces. */
  note: string;
  onDone: () => void;
}

/** A key that was made a moment ago: it stays until it is put away. */
export function Issued({ text, note, onDone }: IssuedProps) {
  const box = useRef<HTMLElement>(null);
  // What had the focus, the form, is gone.
  useEffect(() => box.current?.focus(), []);
  return (
    <section ref={box} tabIndex={-1} className="key-box" aria-label="The new key">
      <header>
        <p>
          <b>This is the new key.</b> {note}
        </p>
        <span className="flex gap-2">
          <Copy text={text} kind="primary" size="small">
            Copy key
          </Copy>
          <Button size="small" onClick={onDone}>
            Done
          </Button>
        </span>
      </header>
      <Characters text={text} />
      <p className="visually-hidden" role="status">
        The new key is shown.
      </p>
    </section>
  );
}

/** In groups for the eye; one click selects it, and copies without the gaps. */
function Characters({ text }: { text: string }) {
  const groups = text.match(GROUP) ?? [];
  return (
    <p className="key-text">
      {groups.map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a group is its place
        <span key={index}>{group}</span>
      ))}
    </p>
  );
}
