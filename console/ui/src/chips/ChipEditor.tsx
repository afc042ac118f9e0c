import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";
import { Glyph } from "../components/StatusGlyph";
import { Chip } from "./Chip";
import { type Refused, sortChips, splitChips } from "./split";

export interface ChipEditorProps {
  label: string;
  values: readonly string[];
  onAdd: (texts: readonly string[]) => void;
  onRemove: (value: string) => void;
  /** What is wrong with a text, in words; null if nothing is. */
  check: (text: string) => string | null;
  placeholder: string;
  max?: number;
  disabled?: boolean;
  help?: ReactNode;
}

/** A list of short texts. Takes whole lists by paste; what it does not take stays in the input, with the reason. */
export function ChipEditor(props: ChipEditorProps) {
  const { label, values, onAdd, onRemove, check, placeholder, max, disabled = false, help } = props;
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  /** Whether adding was tried: before that a half-written text is not yet wrong. */
  const [tried, setTried] = useState(false);
  const rules = { values, check, ...(max !== undefined && { max }) };
  const { refused } = sortChips(splitChips(text), rules);

  const add = (written: string) => {
    const sorted = sortChips(splitChips(written), rules);
    if (sorted.taken.length > 0) onAdd(sorted.taken);
    setText(sorted.refused.map((entry) => entry.text).join(" "));
    setTried(sorted.refused.length > 0);
  };
  const write = (written: string) => {
    // A separator after a text ends it, and so does pasting one between texts.
    if (/[\s,;]/.test(written.trimStart())) add(written);
    else {
      setText(written);
      if (written === "") setTried(false);
    }
  };
  const chips = () => [...(box.current?.querySelectorAll<HTMLElement>(".chip button") ?? [])];
  const focusAt = (index: number) => (chips()[index] ?? input.current)?.focus();
  const remove = (value: string) => {
    const index = values.indexOf(value);
    onRemove(value);
    // Its neighbour moves to its place; after the last one there is the input.
    requestAnimationFrame(() => focusAt(index));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const atStart =
      event.currentTarget.selectionStart === 0 && event.currentTarget.selectionEnd === 0;
    if (event.key === "Enter" && text.trim() !== "") add(text);
    else if (event.key === "Backspace" && text === "") focusAt(values.length - 1);
    else if (event.key === "ArrowLeft" && atStart && values.length > 0) focusAt(values.length - 1);
    else return;
    event.preventDefault();
  };
  const described = [`${id}-words`, help !== undefined && `${id}-help`].filter(Boolean).join(" ");
  const wrong = tried && refused.length > 0;
  return (
    <div className="chips-field" ref={box}>
      <label htmlFor={id} className="visually-hidden">
        {label}
      </label>
      <div className="chips">
        {values.length > 0 && (
          <ul aria-label={label}>
            {values.map((value, index) => (
              <li key={value}>
                <Chip
                  value={value}
                  disabled={disabled}
                  onRemove={() => remove(value)}
                  onMove={(by) => focusAt(index + by)}
                />
              </li>
            ))}
          </ul>
        )}
        <input
          id={id}
          ref={input}
          className="code"
          value={text}
          placeholder={placeholder}
          disabled={disabled}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={wrong}
          aria-describedby={described}
          onChange={(event) => write(event.target.value)}
          onKeyDown={onKeyDown}
          onBlur={() => text.trim() !== "" && add(text)}
          // An input has one line: the browser would join the lines of a list.
          onPaste={(event) => {
            const pasted = event.clipboardData.getData("text");
            if (splitChips(pasted).length < 2) return;
            event.preventDefault();
            add(`${text} ${pasted}`);
          }}
        />
      </div>
      <ChipWords id={`${id}-words`} text={text} refused={refused} wrong={wrong} />
      {help !== undefined && (
        <p id={`${id}-help`} className="field-help">
          {help}
        </p>
      )}
    </div>
  );
}

interface ChipWordsProps {
  id: string;
  text: string;
  refused: readonly Refused[];
  wrong: boolean;
}

/** What is wrong; before it was tried, quietly, how it is going. */
function ChipWords({ id, text, refused, wrong }: ChipWordsProps) {
  return (
    <div id={id} aria-live="polite">
      {wrong ? (
        <ul className="chips-refused">
          {refused.map((entry) => (
            <li key={entry.text} className="field-error">
              <Glyph of="down" />
              <span>
                <code className="code">{entry.text}</code> {entry.reason}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        text !== "" && (
          <p className="field-help">{refused[0]?.reason ?? "Press Enter to add it."}</p>
        )
      )}
    </div>
  );
}
