import { Button } from "@suiftly/ui";
import { useState } from "react";
import { type Answer, curl, fields, type OpenApi, type Operation, resolve } from "./document";
import { FieldList, TypeWords, Words } from "./Types";

const PROBLEM = "application/problem+json";
/** Media types that go without saying. */
const SHOWN_WITHOUT = ["application/json", PROBLEM];

interface OperationViewProps {
  document: OpenApi;
  operation: Operation;
}

/** One operation: what it does, takes and answers, and how to call it. */
export function OperationView({ document, operation }: OperationViewProps) {
  const { id, summary, description, parameters, body, answers, secured } = operation;
  const bodyFields = body ? fields(document, resolve(document, body.schema)) : [];
  return (
    <article id={id} aria-labelledby={`${id}-title`} className="docs-operation">
      <h3 id={`${id}-title`} className="text-15 font-560">
        <a href={`#${id}`} className="no-underline">
          {summary || id}
        </a>
      </h3>
      <p className="mt-1.5 mb-3 wrap-anywhere">
        <Method of={operation} /> <code className="code">{operation.path}</code>
        {!secured && <span className="text-12 text-ink-3"> open to all</span>}
      </p>
      <Words text={description} />
      {parameters.length > 0 && (
        <Part title="Parameters">
          <FieldList fields={parameters} label="Parameters" />
        </Part>
      )}
      {body && (
        <Part title="Body" note={<TypeWords schema={body.schema} />}>
          <FieldList fields={bodyFields} label="Body" />
        </Part>
      )}
      <Part title="Answers">
        <Answers answers={answers} />
      </Part>
      <Call command={curl(operation, location.origin)} />
    </article>
  );
}

export function Method({ of }: { of: Operation }) {
  return <code className="code docs-method">{of.method}</code>;
}

function Part(props: { title: string; note?: React.ReactNode; children: React.ReactNode }) {
  return (
    <div className="mt-4">
      <h4 className="label mb-1.5 flex items-baseline gap-2">
        {props.title}
        {props.note}
      </h4>
      {props.children}
    </div>
  );
}

/** Each with its shape; refusals in a line each: they all have the shape of a problem. */
function Answers({ answers }: { answers: readonly Answer[] }) {
  return (
    <dl className="docs-fields" aria-label="Answers">
      {answers.map(({ status, description, schema, mediaType }) => (
        <div key={status}>
          <dt>
            <code className="code">{status}</code>
          </dt>
          <dd>
            <Words text={description} />
            {mediaType !== PROBLEM && schema && <TypeWords schema={schema} />}
            {mediaType && !SHOWN_WITHOUT.includes(mediaType) && (
              <span className="text-12 text-ink-3"> as {mediaType}</span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Call({ command }: { command: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setCopied(true);
  };
  return (
    <div className="docs-call">
      <pre className="code">{command}</pre>
      <Button kind="quiet" onClick={copy}>
        {copied ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
