import { Brand, ThemeToggle } from "@suiftly/ui";
import { useEffect } from "react";
import { Contents, sentence } from "./Contents";
import { fields, groups, type OpenApi } from "./document";
import { OperationView } from "./OperationView";
import { FieldList, TypeWords, Words } from "./Types";

/** A whole document: contents beside it, operations by tag, then the shapes they speak of. */
export function Docs({ document }: { document: OpenApi }) {
  useAnchor();
  const all = groups(document);
  const shapes = Object.entries(document.components?.schemas ?? {});
  return (
    <div className="docs-columns">
      <aside className="docs-side">
        <div className="mb-5 flex items-center justify-between">
          <Brand />
          <ThemeToggle />
        </div>
        <Contents groups={all} />
      </aside>
      <main className="docs-main">
        <h1 className="mb-2 text-28 font-580">{document.info.title}: the API</h1>
        <Words text={document.info.description ?? ""} />
        <p className="mt-3 text-ink-2">
          The document itself is OpenAPI 3.1:{" "}
          <a className="link" href="/api/v1/openapi.json">
            /api/v1/openapi.json
          </a>
        </p>
        {all.map((group) => (
          <section key={group.name} className="mt-10">
            <h2 className="text-20 font-560">{sentence(group.name)}</h2>
            <p className="mt-1 text-ink-2">{group.description}</p>
            {group.operations.map((operation) => (
              <OperationView key={operation.id} document={document} operation={operation} />
            ))}
          </section>
        ))}
        <section className="mt-10">
          <h2 className="text-20 font-560">Shapes</h2>
          {shapes.map(([name, schema]) => (
            <article key={name} id={`shape-${name}`} className="docs-operation">
              <h3 className="mb-1 text-15 font-560">{name}</h3>
              <Words text={schema.description ?? ""} />
              {fields(document, schema).length === 0 && <TypeWords schema={schema} />}
              <FieldList fields={fields(document, schema)} label={name} />
            </article>
          ))}
        </section>
      </main>
    </div>
  );
}

/** The browser looked for the address's anchor before there was anything to find. */
function useAnchor() {
  useEffect(() => {
    const name = decodeURIComponent(location.hash.slice(1));
    if (name !== "") document.getElementById(name)?.scrollIntoView();
  }, []);
}
