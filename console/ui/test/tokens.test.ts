// The rules of the design that a reader of one file cannot see broken.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../src");
const STYLES = join(SRC, "styles");
const TOKENS = readFileSync(join(STYLES, "tokens.css"), "utf8");

test("dark by choice and dark by the system are the same", () => {
  const [chosen, system] = ['[data-theme="dark"]', ":root:not([data-theme])"].map(declarationsOf);
  expect(chosen?.length).toBeGreaterThan(30);
  expect(system).toEqual(chosen);
});

function declarationsOf(selector: string): string[] {
  const body = TOKENS.slice(TOKENS.indexOf(selector)).match(/\{([^}]*)\}/)?.[1] ?? "";
  return body.split(";").map((declaration) => declaration.trim());
}

const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter(
  (path) => /\.(css|tsx)$/.test(path) && !path.endsWith("tokens.css"),
);

test.each(sources)("%s takes colours, type sizes and durations from the tokens", (path) => {
  const text = readFileSync(join(SRC, path), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  expect(text).not.toMatch(/#[0-9a-f]{3,8}\b(?![\w(])|rgba?\(/i);
  expect(text).not.toMatch(/font(-size)?:[^;]*\d+px/);
  expect(text).not.toMatch(/\d+ms\b/);
});
