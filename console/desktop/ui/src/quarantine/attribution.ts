// An attribution as rows that are edited, and as the API takes it.

/** A format as it is written, tried and published. */
export interface FormatText {
  readonly log_format: string;
  readonly attribution: Record<string, string>;
}

export interface AttributionRow {
  readonly id: number;
  readonly name: string;
  readonly from: string;
}

/** What a field can say, with what it is told. */
export const ATTRIBUTES: readonly (readonly [name: string, words: string])[] = [
  ["customer", "whose request it is, a number"],
  ["key", "the API key’s fingerprint"],
  ["key_metadata", "the key’s metadata"],
  ["service", "the service, number or word"],
  ["network", "the network, number or word"],
  ["server", "the gateway’s number"],
  ["frontend", "the kind of frontend"],
  ["traffic", "the traffic type: without it nothing is billed"],
  ["event", "the event type"],
  ["config", "the config word, 16 hexadecimal digits"],
  ["client", "the client’s address"],
  ["path", "the path"],
  ["began", "when the request began"],
  ["boot", "the worker’s birth, ms since 1970"],
  ["seq", "the line’s number"],
];

export function rowsOf(attribution: Readonly<Record<string, string>>): readonly AttributionRow[] {
  return Object.entries(attribution).map(([name, from], at) => ({ id: at + 1, name, from }));
}

/** Rows without a field say nothing yet, and are left out. */
export function attributionOf(rows: readonly AttributionRow[]): Record<string, string> {
  const filled = rows.filter(({ name, from }) => name !== "" && from.trim() !== "");
  return Object.fromEntries(filled.map(({ name, from }) => [name, from.trim()]));
}

/** The first of what nothing says yet, in the order in which it matters. */
export function nextName(rows: readonly AttributionRow[]): string | null {
  const said = new Set(rows.map(({ name }) => name));
  return ATTRIBUTES.find(([name]) => !said.has(name))?.[0] ?? null;
}

export function withRow(rows: readonly AttributionRow[]): readonly AttributionRow[] {
  const name = nextName(rows);
  if (name === null) return rows;
  return [...rows, { id: Math.max(0, ...rows.map(({ id }) => id)) + 1, name, from: "" }];
}

/** Why a format cannot be called so; null if it can. */
export function wrongName(name: string): string | null {
  if (name === "") return "Give it a name.";
  if (name.length > 64) return "At most 64 characters.";
  return /^[A-Za-z0-9._-]+$/.test(name) ? null : "Letters, digits, and . _ - only.";
}
