import { Button, explain, Glyph, Refusal } from "@suiftly/ui";
import { refusedOf } from "./list";
import { fieldErrors, type useSettings } from "./useSettings";

interface SaveProps {
  /** What the API calls the list. */
  field: "ip_allowlist" | "origins";
  sent: readonly string[];
  /** What saving does; null where there is nothing to save. */
  effect: string | null;
  settings: ReturnType<typeof useSettings>;
  onSave: () => void;
  onUndo: () => void;
  /** Takes an entry that was refused out of the list. */
  onDrop: (value: string) => void;
}

/** The effect, then the act; what the API refused, by entry. */
export function Save({ field, sent, effect, settings, onSave, onUndo, onDrop }: SaveProps) {
  const errors = fieldErrors(settings.error);
  const refused = refusedOf(field, settings.variables?.[field] ?? sent, errors).filter(
    ({ value }) => sent.includes(value),
  );
  return (
    <>
      <ul className="callers-refused" aria-live="polite">
        {refused.map(({ value, message }) => (
          <li key={value} className="field-error">
            <Glyph of="down" />
            <span>
              <code className="code">{value}</code> {message}.
            </span>
            <button type="button" className="link" onClick={() => onDrop(value)}>
              Remove
            </button>
          </li>
        ))}
      </ul>
      {settings.error !== null && errors.length === 0 && (
        <Refusal problem={explain(settings.error)} />
      )}
      {effect !== null && (
        <div className="callers-save">
          <p aria-live="polite">{effect}</p>
          <Button busy={settings.isPending} onClick={onSave}>
            Save
          </Button>
          <Button kind="quiet" onClick={onUndo} disabled={settings.isPending}>
            Undo
          </Button>
        </div>
      )}
    </>
  );
}
