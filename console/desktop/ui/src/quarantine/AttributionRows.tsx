import { Button, SelectField } from "@suiftly/ui";
import { useId } from "react";
import { ATTRIBUTES, type AttributionRow, nextName, withRow } from "./attribution";

interface AttributionRowsProps {
  rows: readonly AttributionRow[];
  onChange: (rows: readonly AttributionRow[]) => void;
  /** What the format has to name. */
  fields: readonly string[];
  /** The entry that cannot be used. */
  wrong: string | null;
}

/** Which field of the format says what the record wants and HAProxy has no word for. */
export function AttributionRows({ rows, onChange, fields, wrong }: AttributionRowsProps) {
  const list = useId();
  return (
    <div className="attribution">
      <div className="tight-row">
        <h3 className="tight-head">Attribution</h3>
        <span className="text-ink-3">which field says what; = before a constant: =seal</span>
        <span className="rest">
          <Button
            kind="quiet"
            disabled={nextName(rows) === null}
            onClick={() => onChange(withRow(rows))}
            data-testid="add-attribute"
          >
            Add
          </Button>
        </span>
      </div>
      <datalist id={list}>
        {fields.map((field) => (
          <option key={field} value={field} />
        ))}
      </datalist>
      {rows.map((row) => (
        <Row
          key={row.id}
          row={row}
          rows={rows}
          list={list}
          isWrong={row.name === wrong}
          onChange={(next) => onChange(rows.map((one) => (one.id === next.id ? next : one)))}
          onRemove={() => onChange(rows.filter(({ id }) => id !== row.id))}
        />
      ))}
      {fields.length > 0 && (
        <p className="text-ink-3">
          It has <code className="mono">{fields.join("  ")}</code>
        </p>
      )}
    </div>
  );
}

interface RowProps {
  row: AttributionRow;
  rows: readonly AttributionRow[];
  list: string;
  isWrong: boolean;
  onChange: (row: AttributionRow) => void;
  onRemove: () => void;
}

function Row({ row, rows, list, isWrong, onChange, onRemove }: RowProps) {
  const said = new Set(rows.map(({ name }) => name));
  const offered = ATTRIBUTES.filter(([name]) => name === row.name || !said.has(name));
  const words = ATTRIBUTES.find(([name]) => name === row.name)?.[1] ?? "";
  return (
    <div className="attribution-row">
      <SelectField
        label="What is said"
        hideLabel
        value={row.name}
        onChange={(name) => onChange({ ...row, name })}
        options={offered.map(([name]) => ({ value: name, label: name }))}
      />
      <span className="input" data-invalid={isWrong}>
        <input
          className="code"
          aria-label={`Which field says ${row.name}`}
          value={row.from}
          list={list}
          aria-invalid={isWrong}
          placeholder={words}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => onChange({ ...row, from: event.target.value })}
        />
      </span>
      <Button kind="quiet" aria-label={`Remove ${row.name}`} onClick={onRemove}>
        Remove
      </Button>
    </div>
  );
}
