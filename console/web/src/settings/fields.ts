// What the API says of single fields, for beside them.
import { explain, type Problem } from "@suiftly/ui";

export interface Refused {
  /** By the field's name in the request. */
  readonly fields: Readonly<Record<string, string>>;
  /** What no field of the form says. */
  readonly rest: Problem | null;
}

const NOT_REFUSED: Refused = { fields: {}, rest: null };

/** A refusal, parted into what stands beside the fields of a form and what does not. */
export function refusedBy(error: unknown, names: readonly string[]): Refused {
  if (error === null || error === undefined) return NOT_REFUSED;
  const problem = explain(error);
  const errors = problem.errors ?? [];
  const mine = errors.filter(({ field }) => names.includes(field));
  const others = errors.filter(({ field }) => !names.includes(field));
  const fields = Object.fromEntries(mine.map(({ field, message }) => [field, asSentence(message)]));
  const said = mine.length > 0 && others.length === 0;
  return { fields, rest: said ? null : { ...problem, errors: others } };
}

/** "must not be empty" → "Must not be empty." */
export function asSentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
