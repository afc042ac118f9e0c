import type { ReactNode } from "react";

interface ChoiceProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
  /** What it means, smaller. */
  help?: ReactNode;
}

/** A box to tick, with its words. */
export function Choice({ checked, onChange, children, help }: ChoiceProps) {
  return (
    <label className="choice">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{children}</span>
      {help && <small>{help}</small>}
    </label>
  );
}
