// What the first load of the signed-in Overview takes of JavaScript: `npm run size -w @suiftly/web`, after a build.
// Prints each chunk, and fails above the bar or if wallet code is among it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** KB are of 1,000 bytes, as Vite prints them. */
export const BAR_BYTES = 200_000;
const ENTRY = "index.html";
/** A chunk of its own, which the router loads for it. */
const PAGE = "src/overview/Overview.tsx";
const WALLET = "@mysten/";

/** The chunks that the entry and the page need before either can run, each once, by file. */
export function firstLoad(manifest) {
  const found = new Map();
  const visit = (key) => {
    const chunk = manifest[key];
    if (chunk === undefined)
      throw new Error(`the manifest has no ${key}: build again, or name it in size.mjs`);
    if (found.has(chunk.file)) return;
    found.set(chunk.file, key);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  visit(ENTRY);
  visit(PAGE);
  return [...found.keys()].filter((file) => file.endsWith(".js"));
}

/** What is wrong with it, in words; nothing if nothing is. */
export function wrong(chunks) {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.gzip, 0);
  const wallets = chunks.filter(({ packages }) => packages.some((name) => name.startsWith(WALLET)));
  const words = wallets.map(
    ({ file }) => `${file} has wallet code: what imports it must be loaded when it is used`,
  );
  if (bytes > BAR_BYTES) words.push(`${kb(bytes)} KB are more than ${kb(BAR_BYTES)} KB`);
  return words;
}

function kb(bytes) {
  return (bytes / 1_000).toFixed(1);
}

function main(dist) {
  const read = (name) => JSON.parse(readFileSync(join(dist, ".vite", name), "utf8"));
  const packages = read("packages.json");
  const chunks = firstLoad(read("manifest.json")).map((file) => {
    const code = readFileSync(join(dist, file));
    return {
      file,
      bytes: code.length,
      gzip: gzipSync(code, { level: 9 }).length,
      packages: packages[file] ?? [],
    };
  });
  for (const { file, bytes, gzip, packages } of chunks.toSorted((a, b) => b.gzip - a.gzip)) {
    console.log(
      `${kb(gzip).padStart(7)} KB gzip ${kb(bytes).padStart(8)} KB  ${file}  ${packages.join(" ")}`,
    );
  }
  const sum = chunks.reduce((all, { gzip }) => all + gzip, 0);
  console.log(
    `first load: ${kb(sum)} KB of JavaScript, gzip -9 (at most ${kb(BAR_BYTES)}), ${chunks.length} chunks`,
  );
  const words = wrong(chunks);
  for (const word of words) console.error(word);
  return words.length === 0 ? 0 : 1;
}

if (argv[1] === fileURLToPath(import.meta.url)) exit(main(join(import.meta.dirname, "dist")));
