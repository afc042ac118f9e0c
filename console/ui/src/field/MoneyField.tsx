import { useEffect, useState } from "react";
import { formatUsdCents, parseUsdCents } from "../format/money";
import { Field, type FieldWords } from "./Field";
import { useAutoFocus } from "./useAutoFocus";

interface MoneyFieldProps extends FieldWords {
  /** null: nothing is written, or nothing that is an amount. */
  cents: number | null;
  onChange: (cents: number | null) => void;
  autoFocus?: boolean;
}

const UNREADABLE = "Write an amount in US dollars, such as 250 or 250.00.";

/** Takes "250", "$1,000" or "20.5"; shows "$250.00" once it is left. What is written is never dropped. */
export function MoneyField({
  cents,
  onChange,
  autoFocus = false,
  error,
  ...words
}: MoneyFieldProps) {
  const ref = useAutoFocus<HTMLInputElement>(autoFocus);
  const [text, setText] = useState(cents === null ? "" : formatUsdCents(cents));
  const [left, setLeft] = useState(true);
  // The amount may be set from outside: a button beside it, a reset.
  useEffect(() => {
    setText((current) => {
      if (cents === parseUsdCents(current)) return current;
      return cents === null ? "" : formatUsdCents(cents);
    });
  }, [cents]);
  const unreadable = left && text.trim() !== "" && parseUsdCents(text) === null;
  const leave = () => {
    const read = parseUsdCents(text);
    if (read !== null) setText(formatUsdCents(read));
    setLeft(true);
  };
  return (
    <Field {...words} error={unreadable ? UNREADABLE : error}>
      {(control) => (
        <span className="input" data-invalid={control["aria-invalid"]}>
          <input
            {...control}
            ref={ref}
            type="text"
            inputMode="decimal"
            autoComplete="off"
            placeholder={formatUsdCents(0)}
            value={text}
            onFocus={() => setLeft(false)}
            onBlur={leave}
            onChange={(event) => {
              setText(event.target.value);
              onChange(parseUsdCents(event.target.value));
            }}
          />
        </span>
      )}
    </Field>
  );
}
