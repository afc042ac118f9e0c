// A schema in words: `string, date-time`, `integer, 1 to 100`, `list of Key`. References stay references, so that the
// page can link them.
import { refName, type Schema } from "./document";

/** Text, or the name of a shape. */
type Word = string | { readonly shape: string };

export function typeWords(schema: Schema): Word[] {
  const shape = refName(schema);
  if (shape !== null) return [{ shape }];
  const { allOf, oneOf, anyOf } = schema;
  if (allOf?.length === 1 && allOf[0]) return typeWords(allOf[0]);
  const union = oneOf ?? anyOf;
  if (union) return or(union.map(typeWords));
  if (schema.enum) return [schema.enum.map(literal).join(" | ")];
  if (schema.const !== undefined) return [literal(schema.const)];
  return or([schema.type ?? "anything"].flat().map((type) => ofType(type, schema)));
}

function or(choices: readonly Word[][]): Word[] {
  return choices.flatMap((words, i) => (i === 0 ? words : [" or ", ...words]));
}

function ofType(type: string, schema: Schema): Word[] {
  switch (type) {
    case "array":
      return ["list of ", ...typeWords(schema.items ?? {}), ...atMost(schema.maxItems, "items")];
    case "object":
      return typeof schema.additionalProperties === "object"
        ? ["map to ", ...typeWords(schema.additionalProperties)]
        : ["object"];
    case "integer":
    case "number":
      return [type, ...range(schema)];
    case "string":
      return ["string", ...stringRules(schema)];
    default:
      return [type];
  }
}

function range({ minimum, maximum }: Schema): string[] {
  if (minimum !== undefined && maximum !== undefined) return [`, ${minimum} to ${maximum}`];
  if (minimum !== undefined) return [`, at least ${minimum}`];
  return maximum === undefined ? [] : [`, at most ${maximum}`];
}

function stringRules({ format, pattern, maxLength }: Schema): string[] {
  const rules = [...(format ? [`, ${format}`] : []), ...(pattern ? [`, like ${pattern}`] : [])];
  return [...rules, ...atMost(maxLength, "characters")];
}

function atMost(most: number | undefined, of: string): string[] {
  return most === undefined ? [] : [`, at most ${most} ${of}`];
}

function literal(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
