import { type ReactNode, useId } from "react";

interface SegmentedProps<T extends string> {
  /** What is chosen between, for those who do not see it. */
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: ReactNode; disabled?: boolean }[];
}

/** One of a few, all in sight. Native radios: arrow keys, forms and screen readers know them. */
export function Segmented<T extends string>(props: SegmentedProps<T>) {
  const name = useId();
  return (
    <div className="seg" role="radiogroup" aria-label={props.label}>
      {props.options.map(({ value, label, disabled }) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === props.value}
            disabled={disabled}
            onChange={() => props.onChange(value)}
          />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}
