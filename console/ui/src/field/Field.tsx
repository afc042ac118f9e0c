import { type ReactNode, useId } from "react";
import { Glyph } from "../components/StatusGlyph";

export interface FieldWords {
  label: string;
  error?: string | null | undefined;
  help?: ReactNode;
  hideLabel?: boolean | undefined;
}

/** What the control itself needs, to be known by its label, its help and its error. */
export interface ControlProps {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string | undefined;
}

interface FieldProps extends FieldWords {
  children: (control: ControlProps) => ReactNode;
}

/** A control with its label above, and what helps or is wrong below. */
export function Field({ label, error, help, hideLabel = false, children }: FieldProps) {
  const id = useId();
  const wrong = error !== undefined && error !== null && error !== "";
  const described = [wrong && `${id}-error`, help && `${id}-help`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id} className={hideLabel ? "visually-hidden" : undefined}>
        {label}
      </label>
      {children({ id, "aria-invalid": wrong, "aria-describedby": described || undefined })}
      {/* Always there: what appears in it later is announced. */}
      <p id={`${id}-error`} className="field-error" role="alert">
        {wrong && (
          <>
            <Glyph of="down" />
            {error}
          </>
        )}
      </p>
      {help && (
        <p id={`${id}-help`} className="field-help">
          {help}
        </p>
      )}
    </div>
  );
}
