import type { Field, Schema } from "./document";
import { typeWords } from "./typeWords";

/** A schema in words; the shapes it names are links. */
export function TypeWords({ schema }: { schema: Schema }) {
  return (
    <span className="text-12 text-ink-3 wrap-anywhere">
      {typeWords(schema).map((word) =>
        typeof word === "string" ? (
          word
        ) : (
          <a key={word.shape} className="link" href={shapeAnchor(word.shape)}>
            {word.shape}
          </a>
        ),
      )}
    </span>
  );
}

function shapeAnchor(name: string): string {
  return `#shape-${name}`;
}

/** Named values, one a row: on a phone the words come below the name. */
export function FieldList({ fields, label }: { fields: readonly Field[]; label: string }) {
  if (fields.length === 0) return null;
  return (
    <dl aria-label={label} className="docs-fields">
      {fields.map((field) => (
        <div key={`${field.place}-${field.name}`}>
          <dt>
            <code className="code">{field.name}</code>
            {field.required && <span className="text-12 text-ink-2"> required</span>}
            {field.place && field.place !== "query" && (
              <span className="text-12 text-ink-3"> in {field.place}</span>
            )}
          </dt>
          <dd>
            <Words text={field.description} />
            <TypeWords schema={field.schema} />
            {field.schema.default !== undefined && field.schema.default !== null && (
              <span className="text-12 text-ink-3">
                ; else <code className="code">{JSON.stringify(field.schema.default)}</code>
              </span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A description: its paragraphs, and what stands in backquotes as code. */
export function Words({ text }: { text: string }) {
  if (text.trim() === "") return null;
  return text.split(/\n\s*\n/).map((paragraph) => (
    <p key={paragraph} className="mb-1 max-w-165 text-ink-2">
      {paragraph.split(/`([^`]*)`/).map((part, i) =>
        i % 2 === 1 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
          <code key={i} className="code text-ink">
            {part}
          </code>
        ) : (
          part
        ),
      )}
    </p>
  ));
}
