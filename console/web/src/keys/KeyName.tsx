import type { KeyView } from "@suiftly/ui/api/customer";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { shortKey } from "./words";

const NAME_CHARS_MAX = 80;

interface KeyNameProps {
  of: KeyView;
  onRename: (name: string) => void;
}

/** The name; pressed, it can be written anew where it stands. */
export function KeyName({ of, onRename }: KeyNameProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const wasTyped = useRef(false);
  useEffect(() => {
    if (typed === null && wasTyped.current) button.current?.focus();
    wasTyped.current = typed !== null;
  }, [typed]);
  if (typed !== null) {
    const save = () => {
      const name = typed.trim();
      setTyped(null);
      if (name !== of.name) onRename(name);
    };
    return (
      <Editor
        of={of}
        typed={typed}
        onType={setTyped}
        onSave={save}
        onLeave={() => setTyped(null)}
      />
    );
  }
  return (
    <button
      ref={button}
      type="button"
      className="key-name"
      data-unnamed={of.name === ""}
      aria-label={of.name === "" ? `Name key ${shortKey(of)}` : `${of.name}: rename`}
      onClick={() => setTyped(of.name)}
    >
      {of.name === "" ? "Add a name" : of.name}
    </button>
  );
}

interface EditorProps {
  of: KeyView;
  typed: string;
  onType: (typed: string) => void;
  onSave: () => void;
  onLeave: () => void;
}

function Editor({ of, typed, onType, onSave, onLeave }: EditorProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    // Focus goes back to the button, which would take the rest of the press for its own.
    event.preventDefault();
    if (event.key === "Enter") onSave();
    else onLeave();
  };
  return (
    <input
      ref={input}
      className="key-name-input"
      aria-label={`Name of key ${shortKey(of)}`}
      value={typed}
      maxLength={NAME_CHARS_MAX}
      onChange={(event) => onType(event.target.value)}
      onKeyDown={onKeyDown}
      onBlur={onSave}
    />
  );
}
