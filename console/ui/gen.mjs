// Makes the typed clients and validators of both APIs out of their documents, into src/api. With --check it
// changes nothing, and fails if what is there is not what would be made.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@hey-api/openapi-ts";

const HERE = import.meta.dirname;
const DOCUMENTS = { customer: "openapi.json", admin: "openapi-admin.json" };

/** The generator's own runtime, which other compiler options than ours go with. Its types hold all the same. */
const RUNTIME = ["client", "core"];

/** Integers of 64 bits are JSON numbers here, all below 2^53: not to be taken for bigints. */
const withoutWidth = (key, value) =>
  key === "format" && /^u?int64$/.test(value) ? undefined : value;

async function generate(document, path) {
  const text = readFileSync(join(HERE, "../../api", document), "utf8");
  await createClient({
    input: JSON.parse(text, withoutWidth),
    output: { path },
    logs: { level: "silent", file: false },
    plugins: [
      { name: "@hey-api/client-fetch", throwOnError: true },
      "@hey-api/typescript",
      { name: "@hey-api/sdk", validator: { response: "valibot" } },
      "valibot",
    ],
  });
  for (const part of RUNTIME) unchecked(join(path, part));
}

function unchecked(folder) {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    writeFileSync(file, `// @ts-nocheck\n${readFileSync(file, "utf8")}`);
  }
}

/** Every file below a folder, by its path. */
function contents(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  return new Map(paths.map((path) => [path.slice(folder.length), readFileSync(path, "utf8")]));
}

function differences(there, fresh) {
  const names = new Set([...there.keys(), ...fresh.keys()]);
  return [...names].filter((name) => there.get(name) !== fresh.get(name));
}

async function check(name, document) {
  const made = mkdtempSync(join(tmpdir(), "suiftly-api-"));
  try {
    await generate(document, made);
    return differences(contents(join(HERE, "src/api", name)), contents(made));
  } finally {
    rmSync(made, { recursive: true });
  }
}

const checking = process.argv.includes("--check");
for (const [name, document] of Object.entries(DOCUMENTS)) {
  if (!checking) {
    await generate(document, join(HERE, "src/api", name));
    continue;
  }
  const stale = await check(name, document);
  if (stale.length > 0) {
    console.error(`src/api/${name} is stale (${stale.join(", ")}): npm run gen -w @suiftly/ui`);
    process.exitCode = 1;
  }
}
