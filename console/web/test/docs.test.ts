import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  curl,
  fields,
  groups,
  matches,
  type OpenApi,
  type Operation,
  refName,
  resolve,
} from "../src/docs/document";
import { typeWords } from "../src/docs/typeWords";

const API = new URL("../../../api/", import.meta.url);
const GOLDEN = readdirSync(API).filter((name) => name.startsWith("openapi"));

function golden(name: string): OpenApi {
  return JSON.parse(readFileSync(new URL(name, API), "utf8"));
}

describe.each(GOLDEN)("%s", (name) => {
  const document = golden(name);
  const all = groups(document).flatMap(({ operations }) => operations);

  test("every operation is there once, under an anchor of its own", () => {
    const documented = Object.values(document.paths).flatMap((methods) => Object.keys(methods));
    expect(all).toHaveLength(documented.length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { id, summary } of all) expect(summary, id).not.toBe("");
  });

  test("every shape that is named is described", () => {
    const known = Object.keys(document.components?.schemas ?? {});
    const named = JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    for (const [, shape] of named) expect(known).toContain(shape);
  });
});

const DOCUMENT: OpenApi = {
  info: { title: "x" },
  security: [{ token: [] }],
  tags: [{ name: "keys", description: "Keys" }],
  paths: {
    "/other": { get: { operationId: "b", summary: "Open", security: [{}] } },
    "/keys/{id}": {
      post: {
        operationId: "a",
        summary: "Make it",
        tags: ["keys"],
        parameters: [
          { name: "id", in: "path", required: true, schema: { type: "integer", minimum: 1 } },
          { name: "range", in: "query", required: true, schema: { type: "string" } },
        ],
        requestBody: {
          content: { "application/json": { schema: { $ref: "#/components/schemas/New" } } },
        },
        responses: { "201": { description: "Made" } },
      },
    },
  },
  components: {
    schemas: {
      Base: { properties: { id: { type: "integer", description: "Its id" } }, required: ["id"] },
      New: {
        allOf: [
          { $ref: "#/components/schemas/Base" },
          { properties: { name: { type: "string" } } },
        ],
      },
    },
  },
};

test("operations stand in the order of the tags, those without one last", () => {
  expect(groups(DOCUMENT).map(({ name, operations }) => [name, operations.length])).toEqual([
    ["keys", 1],
    ["other", 1],
  ]);
});

const [keys, other] = groups(DOCUMENT).map(({ operations }) => operations[0] as Operation);

test("an empty requirement means that none is needed", () => {
  expect([keys?.secured, other?.secured]).toEqual([true, false]);
});

test("a body's fields are those of all its parts", () => {
  const schema = resolve(DOCUMENT, keys?.body?.schema ?? {});
  expect(fields(DOCUMENT, schema).map(({ name, required }) => [name, required])).toEqual([
    ["id", true],
    ["name", false],
  ]);
  expect(refName(keys?.body?.schema ?? {})).toBe("New");
});

test("a call is written out with what must be filled in", () => {
  expect(keys && curl(keys, "http://a")).toBe(
    [
      "curl -X POST 'http://a/keys/{id}?range=…'",
      '-H "Authorization: Bearer $TOKEN"',
      "-H 'Content-Type: application/json'",
      "-d '{…}'",
    ].join(" \\\n  "),
  );
  expect(other && curl(other, "http://a")).toBe("curl 'http://a/other'");
});

test("a search finds by all its words", () => {
  const found = (search: string) => keys && matches(keys, search);
  expect(["post key", "make", "A", ""].map(found)).toEqual([true, true, true, true]);
  expect(["get key", "nothing"].map(found)).toEqual([false, false]);
});

test.each([
  [{ $ref: "#/components/schemas/Key" }, [{ shape: "Key" }]],
  [{ type: ["string", "null"], format: "date-time" }, ["string", ", date-time", " or ", "null"]],
  [{ oneOf: [{ type: "null" }, { $ref: "#/x/Key" }] }, ["null", " or ", { shape: "Key" }]],
  [
    { type: "array", items: { type: "string" }, maxItems: 3 },
    ["list of ", "string", ", at most 3 items"],
  ],
  [{ type: "integer", minimum: 0, maximum: 9 }, ["integer", ", 0 to 9"]],
  [
    { type: "string", maxLength: 100, pattern: "^a$" },
    ["string", ", like ^a$", ", at most 100 characters"],
  ],
  [{ type: "object", additionalProperties: { type: "integer" } }, ["map to ", "integer"]],
  [{ enum: ["a", "b"] }, ["a | b"]],
  [{}, ["anything"]],
])("%j in words", (schema, words) => {
  expect(typeWords(schema)).toEqual(words);
});
