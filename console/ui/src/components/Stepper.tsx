import { type KeyboardEvent, useState } from "react";

interface StepperProps {
  label: string;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
  disabled?: boolean;
}

/** A small whole number: − n +, by keys, or typed. */
export function Stepper({ label, value, min, max, onChange, disabled = false }: StepperProps) {
  /** What is being typed, until it is a number within the bounds. */
  const [typed, setTyped] = useState<string | null>(null);
  const move = (to: number) => {
    const next = Math.min(Math.max(to, min), max);
    setTyped(null);
    if (next !== value) onChange(next);
  };
  const type = (text: string) => {
    const digits = text.replace(/\D/g, "");
    setTyped(digits);
    const number = Number(digits);
    if (digits !== "" && number >= min && number <= max && number !== value) onChange(number);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const target = keyTarget(event.key, value, min, max);
    if (target === undefined) return;
    event.preventDefault();
    move(target);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a row of buttons everywhere
    <div className="stepper" role="group" aria-label={label} data-disabled={disabled}>
      <button
        type="button"
        aria-label={`${label}: one less`}
        disabled={disabled || value <= min}
        onClick={() => move(value - 1)}
      >
        −
      </button>
      <input
        role="spinbutton"
        inputMode="numeric"
        aria-label={label}
        aria-valuenow={value}
        aria-valuemin={min}
        aria-valuemax={max}
        value={typed ?? value}
        size={Math.max(2, String(max).length)}
        disabled={disabled}
        onChange={(event) => type(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => (typed === null || typed === "" ? setTyped(null) : move(Number(typed)))}
      />
      <button
        type="button"
        aria-label={`${label}: one more`}
        disabled={disabled || value >= max}
        onClick={() => move(value + 1)}
      >
        +
      </button>
    </div>
  );
}

function keyTarget(key: string, value: number, min: number, max: number): number | undefined {
  switch (key) {
    case "ArrowUp":
      return value + 1;
    case "ArrowDown":
      return value - 1;
    case "Home":
      return min;
    case "End":
      return max;
    default:
      return undefined;
  }
}
