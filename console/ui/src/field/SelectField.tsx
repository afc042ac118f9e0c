import { Field, type FieldWords } from "./Field";

interface SelectFieldProps<T extends string> extends FieldWords {
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: string }[];
}

/** A native select: it needs no injected style, and phones have their own list for it. */
export function SelectField<T extends string>(props: SelectFieldProps<T>) {
  const { value, onChange, options, ...words } = props;
  return (
    <Field {...words}>
      {(control) => (
        <span className="input" data-select data-invalid={control["aria-invalid"]}>
          <select
            {...control}
            value={value}
            onChange={(event) => {
              const chosen = options.find((option) => option.value === event.target.value);
              if (chosen) onChange(chosen.value);
            }}
          >
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
          <svg width="10" height="6" viewBox="0 0 10 6" aria-hidden="true">
            <path d="M1 1l4 4 4-4" fill="none" stroke="currentColor" strokeWidth="1.4" />
          </svg>
        </span>
      )}
    </Field>
  );
}
