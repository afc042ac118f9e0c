// A list that is edited and saved: what is another in it, and which entries the API refused.
import type { FieldError } from "@suiftly/ui/api/customer";

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

/** With what was added, each once. */
export function withMore(
  values: readonly string[],
  texts: readonly string[],
  tidy: (text: string) => string,
): readonly string[] {
  return [...new Set([...values, ...texts.map(tidy)])];
}

export interface Refused {
  readonly value: string;
  readonly message: string;
}

/** The API names an entry by its place: `ip_allowlist[2]`. */
export function refusedOf(
  field: string,
  sent: readonly string[],
  errors: readonly FieldError[],
): readonly Refused[] {
  return errors.flatMap(({ field: name, message }) => {
    const place = /^(.+)\[(\d+)\]$/.exec(name);
    const value = place?.[1] === field ? sent[Number(place[2])] : undefined;
    return value === undefined ? [] : [{ value, message }];
  });
}
