import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Kbd } from "../components/Kbd";
import { Modal } from "../dialog/Modal";
import { useAutoFocus } from "../field/useAutoFocus";
import { findMatches } from "./match";

export interface PaletteItem {
  readonly id: string;
  readonly label: string;
  readonly hint?: ReactNode;
  /** Other words that find it. */
  readonly keywords?: string;
  /** Items of a group stand together under its name while nothing is typed. */
  readonly group?: string;
  readonly run: () => void;
}

interface PaletteProps {
  open: boolean;
  onClose: () => void;
  items: readonly PaletteItem[];
  placeholder: string;
}

/** Goes anywhere and does anything by a few letters. */
export function Palette({ open, onClose, items, placeholder }: PaletteProps) {
  return (
    <Modal open={open} onClose={onClose} label={placeholder} size="palette">
      <OpenPalette items={items} placeholder={placeholder} onClose={onClose} />
    </Modal>
  );
}

function OpenPalette({ items, placeholder, onClose }: Omit<PaletteProps, "open">) {
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const input = useAutoFocus<HTMLInputElement>(true);
  const found = findMatches(items, typed);
  const index = Math.min(chosen, found.length - 1);
  const active = found[index];
  const optionId = (item: PaletteItem) => `${id}-${item.id}`;

  const run = (item: PaletteItem | undefined) => {
    if (item === undefined) return;
    onClose();
    item.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const target = keyTarget(event.key, index, found.length);
    if (event.key === "Enter") run(active);
    else if (target === undefined) return;
    else setChosen(target);
    event.preventDefault();
  };
  return (
    <>
      <div className="palette-head">
        <input
          ref={input}
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={id}
          aria-activedescendant={active && optionId(active)}
          aria-autocomplete="list"
          aria-label={placeholder}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onKeyDown={onKeyDown}
          onChange={(event) => {
            setTyped(event.target.value);
            setChosen(0);
          }}
        />
        <Kbd>esc</Kbd>
      </div>
      <div id={id} className="palette-list" role="listbox" aria-label={placeholder}>
        {found.map((item, at) => (
          <Option
            key={item.id}
            id={optionId(item)}
            item={item}
            heading={typed === "" && item.group !== found[at - 1]?.group ? item.group : undefined}
            active={at === index}
            onPoint={() => setChosen(at)}
            onRun={() => run(item)}
          />
        ))}
      </div>
      <p className="palette-none" role="status">
        {found.length === 0 && `Nothing is called “${typed.trim()}”.`}
      </p>
    </>
  );
}

interface OptionProps {
  id: string;
  item: PaletteItem;
  heading: string | undefined;
  active: boolean;
  onPoint: () => void;
  onRun: () => void;
}

function Option({ id, item, heading, active, onPoint, onRun }: OptionProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) ref.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <>
      {heading !== undefined && (
        <div className="palette-group" role="presentation">
          {heading}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys are the combobox's */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: focus stays in the combobox */}
      <div
        ref={ref}
        id={id}
        className="palette-item"
        role="option"
        aria-selected={active}
        onPointerMove={onPoint}
        onClick={onRun}
      >
        <span>{item.label}</span>
        {item.hint !== undefined && <span className="palette-hint">{item.hint}</span>}
        {active && <Kbd>⏎</Kbd>}
      </div>
    </>
  );
}

function keyTarget(key: string, index: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return (index + 1) % Math.max(1, count);
    case "ArrowUp":
      return (index - 1 + count) % Math.max(1, count);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
