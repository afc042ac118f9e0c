import { type FormEvent, type ReactNode, useId, useState } from "react";
import { CustomerLink } from "../../parts/CustomerName";
import { useServerNames } from "../../parts/ServerName";
import { chipsOf, type FilterKey, type RecordFilter } from "./fields";
import { useLookup } from "./useLookup";
import "./lines.css";

interface FilterBarProps {
  filter: RecordFilter;
  /** What narrows as long as nothing narrower is chosen. */
  implied?: RecordFilter;
  onChange: (filter: RecordFilter) => void;
  /** Takes away what is implied. */
  onEvery?: () => void;
  children?: ReactNode;
}

const NOTHING: RecordFilter = {};

/** What lines are narrowed by, each to be taken away; and a field that more is typed into. */
export function FilterBar({
  filter,
  implied = NOTHING,
  onChange,
  onEvery,
  children,
}: FilterBarProps) {
  return (
    <div className="filter-bar">
      <Chips of={filter} onRemove={(key) => onChange(omit(filter, key))} />
      <Chips of={omitAll(implied, filter)} onRemove={() => onEvery?.()} />
      <Field onTyped={(more) => onChange({ ...filter, ...more })} />
      {children}
    </div>
  );
}

function Chips({ of, onRemove }: { of: RecordFilter; onRemove: (key: FilterKey) => void }) {
  const chips = chipsOf(of, useServerNames());
  return chips.map(({ key, name, sign, value }) => (
    <span key={key} className="chip filter-chip" data-testid={`chip-${key}`}>
      <span>
        {name} {sign} {value ?? <CustomerLink id={of.customer_id ?? null} />}
      </span>
      <button type="button" aria-label={`Remove ${name}`} onClick={() => onRemove(key)}>
        ×
      </button>
    </span>
  ));
}

function Field({ onTyped }: { onTyped: (more: RecordFilter) => void }) {
  const id = useId();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const lookup = useLookup();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const looked = await lookup(text);
    if ("problem" in looked) return setProblem(looked.problem);
    setText("");
    onTyped(looked.filter);
  };
  return (
    <form className="filter-field" onSubmit={(event) => void submit(event)}>
      <input
        data-filter
        data-testid="filter"
        aria-label="Filter"
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : id}
        placeholder="status >= 500, customer, key, path, ip, slow 500…"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setProblem(null);
        }}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      {problem !== null && (
        <p id={id} role="alert" className="filter-problem">
          {problem}
        </p>
      )}
    </form>
  );
}

function omit(filter: RecordFilter, key: FilterKey): RecordFilter {
  const { [key]: _, ...rest } = filter;
  return rest;
}

function omitAll(filter: RecordFilter, taken: RecordFilter): RecordFilter {
  return (Object.keys(taken) as FilterKey[]).reduce(omit, filter);
}
