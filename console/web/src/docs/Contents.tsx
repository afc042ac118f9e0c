import { useEffect, useId, useRef, useState } from "react";
import { type Group, matches } from "./document";
import { Method } from "./OperationView";

/** All operations by tag, to choose from. `/` goes to the filter. */
export function Contents({ groups }: { groups: readonly Group[] }) {
  const [search, setSearch] = useState("");
  const input = useSlashFocus();
  const id = useId();
  const shown = groups
    .map((group) => ({
      ...group,
      operations: group.operations.filter((one) => matches(one, search)),
    }))
    .filter(({ operations }) => operations.length > 0);
  return (
    <nav aria-label="Operations">
      <div className="field mb-4">
        <label htmlFor={id} className="visually-hidden">
          Filter operations
        </label>
        <input
          ref={input}
          id={id}
          type="search"
          placeholder="Filter, with /"
          className="docs-filter"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {shown.length === 0 && <p className="text-13 text-ink-3">Nothing has these words.</p>}
      {shown.map(({ name, operations }) => (
        <div key={name} className="mb-4">
          <h2 className="label mb-1">{sentence(name)}</h2>
          <ul>
            {operations.map((operation) => (
              <li key={operation.id}>
                <a className="docs-entry" href={`#${operation.id}`}>
                  <Method of={operation} />
                  <span>{breakable(operation.path.replace("/api/v1", ""))}</span>
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** A line may end after each slash. */
function breakable(path: string): string {
  return path.replaceAll("/", "/\u200b").replace(/^\/\u200b/, "/");
}

export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function useSlashFocus() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return input;
}
