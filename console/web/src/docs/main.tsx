// The readable API page, at /api/docs of both servers: it shows the document of the server that it came from.
import { CONNECTION_LOST, type Problem, readProblem, StatusGlyph } from "@suiftly/ui";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../main.css";
import "./docs.css";
import { Docs } from "./Docs";
import type { OpenApi } from "./document";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
const shown = createRoot(root);

const loaded = await load();
if ("info" in loaded) document.title = `API · ${loaded.info.title}`;
shown.render(
  <StrictMode>{"info" in loaded ? <Docs document={loaded} /> : <Failed {...loaded} />}</StrictMode>,
);

async function load(): Promise<OpenApi | Problem> {
  try {
    const response = await fetch("/api/v1/openapi.json");
    return response.ok ? await response.json() : await readProblem(response);
  } catch {
    return CONNECTION_LOST;
  }
}

function Failed({ title, code }: Problem) {
  return (
    <main className="p-10" role="alert">
      <StatusGlyph status="down" word="The API’s document did not load" />
      <p className="mt-2 text-ink-2">
        {title} Code <code className="code">{code}</code>
      </p>
      <p className="mt-2">
        <a className="link" href="/api/docs">
          Try again
        </a>
      </p>
    </main>
  );
}
