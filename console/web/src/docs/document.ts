// An OpenAPI 3.1 document as a reader needs it: operations in the order of their tags, with what they take and answer.
// Pure; what the page shows of a document that does not follow the standard is as much as it can.

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface RawOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly description?: string; readonly content?: Content };
  readonly responses?: Readonly<
    Record<string, { readonly description?: string; readonly content?: Content }>
  >;
}

export interface OpenApi {
  readonly info: { readonly title: string; readonly description?: string };
  readonly security?: readonly object[];
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** A value that is named: a parameter, or a field of an object. */
export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
  readonly description: string;
  /** Where a parameter stands: `path`, `query`, `header`. */
  readonly place?: string;
}

export interface Answer {
  readonly status: string;
  readonly description: string;
  readonly mediaType: string | null;
  readonly schema: Schema | null;
}

export interface Operation {
  /** Unique; the page's anchor. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly secured: boolean;
  readonly parameters: readonly Field[];
  readonly body: { readonly mediaType: string; readonly schema: Schema } | null;
  readonly answers: readonly Answer[];
}

export interface Group {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly Operation[];
}

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Operations by tag, in the document's order of tags; those without one come last. */
export function groups(document: OpenApi): Group[] {
  const all = operations(document);
  const declared = document.tags ?? [];
  const undeclared = [...new Set(all.map(({ tag }) => tag))]
    .filter((tag) => !declared.some(({ name }) => name === tag))
    .map((name) => ({ name, description: "" }));
  return [...declared, ...undeclared]
    .map(({ name, description = "" }) => ({
      name,
      description,
      operations: all.filter(({ tag }) => tag === name),
    }))
    .filter((group) => group.operations.length > 0);
}

function operations(document: OpenApi): (Operation & { tag: string })[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, raw]) => operation(document, path, method, raw)),
  );
}

function operation(document: OpenApi, path: string, method: string, raw: RawOperation) {
  const security = raw.security ?? document.security ?? [];
  const [mediaType, content] = Object.entries(raw.requestBody?.content ?? {})[0] ?? [];
  return {
    id: raw.operationId ?? `${method}-${path}`,
    tag: raw.tags?.[0] ?? "other",
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? "",
    description: raw.description ?? "",
    // An empty requirement among them means that none is needed.
    secured: security.length > 0 && security.every((needed) => Object.keys(needed).length > 0),
    parameters: (raw.parameters ?? []).map(parameter),
    body: mediaType && content?.schema ? { mediaType, schema: content.schema } : null,
    answers: Object.entries(raw.responses ?? {}).map(([status, response]) => {
      const [mediaType = null, content] = Object.entries(response.content ?? {})[0] ?? [];
      const schema = content?.schema ?? null;
      return { status, description: response.description ?? "", mediaType, schema };
    }),
  };
}

function parameter({ name, in: place, required, description, schema = {} }: Parameter): Field {
  return { name, place, schema, required: required ?? false, description: description ?? "" };
}

/** The fields of an object; of a union of objects, each object's. */
export function fields(document: OpenApi, schema: Schema): Field[] {
  const parts = schema.allOf ?? [];
  const own = Object.entries(schema.properties ?? {}).map(([name, of]) => ({
    name,
    schema: of,
    required: schema.required?.includes(name) ?? false,
    description: of.description ?? "",
  }));
  return [...parts.flatMap((part) => fields(document, resolve(document, part))), ...own];
}

/** What a `$ref` stands for. */
export function resolve(document: OpenApi, schema: Schema): Schema {
  const name = refName(schema);
  return name === null ? schema : (document.components?.schemas?.[name] ?? {});
}

/** `Key` of `#/components/schemas/Key`. */
export function refName({ $ref }: Schema): string | null {
  return $ref?.split("/").at(-1) ?? null;
}

/** A shell command that calls it, with placeholders where something must be filled in. */
export function curl(
  { method, path, parameters, body, secured }: Operation,
  origin: string,
): string {
  const query = parameters.filter(({ place, required }) => place === "query" && required);
  const search = query.map(({ name }) => `${name}=…`).join("&");
  const lines = [
    `curl ${method === "GET" ? "" : `-X ${method} `}'${origin}${path}${search && `?${search}`}'`,
  ];
  if (secured) lines.push('-H "Authorization: Bearer $TOKEN"');
  if (body) lines.push(`-H 'Content-Type: ${body.mediaType}'`, "-d '{…}'");
  return lines.join(" \\\n  ");
}

/** Whether an operation has all words of a search in its method, path, id or summary. */
export function matches(operation: Operation, search: string): boolean {
  const { method, path, id, summary } = operation;
  const text = `${method} ${path} ${id} ${summary}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
