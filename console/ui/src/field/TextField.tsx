import type { HTMLInputTypeAttribute, ReactNode } from "react";
import { type ControlProps, Field, type FieldWords } from "./Field";
import { useAutoFocus } from "./useAutoFocus";

interface TextFieldProps extends FieldWords {
  value: string;
  onChange: (value: string) => void;
  /** For what a machine reads: keys, addresses. */
  code?: boolean;
  placeholder?: string;
  autoFocus?: boolean;
  type?: HTMLInputTypeAttribute;
  /** Stands inside the control, at its end. */
  suffix?: ReactNode;
  required?: boolean;
  maxLength?: number;
  multiline?: boolean;
}

export function TextField({ label, error, help, hideLabel, ...rest }: TextFieldProps) {
  return (
    <Field label={label} error={error} help={help} hideLabel={hideLabel}>
      {(control) => (
        <span className="input" data-invalid={control["aria-invalid"]}>
          {rest.multiline ? (
            <Lines {...rest} control={control} />
          ) : (
            <Line {...rest} control={control} />
          )}
          {rest.suffix && <span className="input-suffix">{rest.suffix}</span>}
        </span>
      )}
    </Field>
  );
}

type TextProps = Omit<TextFieldProps, keyof FieldWords> & { control: ControlProps };

function Line(props: TextProps) {
  const ref = useAutoFocus<HTMLInputElement>(props.autoFocus ?? false);
  return (
    <input
      {...props.control}
      {...shared(props)}
      ref={ref}
      type={props.type ?? "text"}
      onChange={(event) => props.onChange(event.target.value)}
    />
  );
}

function Lines(props: TextProps) {
  const ref = useAutoFocus<HTMLTextAreaElement>(props.autoFocus ?? false);
  return (
    <textarea
      {...props.control}
      {...shared(props)}
      ref={ref}
      rows={4}
      onChange={(event) => props.onChange(event.target.value)}
    />
  );
}

function shared({ value, placeholder, required, maxLength, code = false }: TextProps) {
  return {
    value,
    placeholder,
    required,
    maxLength,
    className: code ? "code" : undefined,
    spellCheck: !code,
    autoComplete: "off",
    autoCapitalize: code ? "none" : undefined,
  };
}
