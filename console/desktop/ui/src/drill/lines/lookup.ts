// Names that were typed where the API takes numbers.

export interface Named {
  readonly id: number;
  readonly name: string;
}

export type Found = { readonly id: number } | { readonly problem: string };

/** The one of that name, or the only one that it is part of. */
export function pick(all: readonly Named[], text: string, what: string): Found {
  const wanted = text.trim().toLowerCase();
  const exact = all.filter(({ name }) => name.toLowerCase() === wanted);
  const some =
    exact.length > 0 ? exact : all.filter(({ name }) => name.toLowerCase().includes(wanted));
  const [first, second] = some;
  if (first === undefined) return { problem: `No ${what} is called “${text}”.` };
  if (second === undefined) return { id: first.id };
  const names = some
    .slice(0, 3)
    .map(({ id, name }) => (exact.length > 1 ? `${name} (${id})` : name));
  return {
    problem: `“${text}” may be ${names.join(", ")}${some.length > 3 ? " or others" : ""}: say more of it.`,
  };
}
