// What was typed or pasted into a list, one text for each entry, and which of them may be added.

/** Between entries: white space, commas, semicolons. */
export function splitChips(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

export interface Refused {
  readonly text: string;
  readonly reason: string;
}

interface Sorted {
  readonly taken: readonly string[];
  readonly refused: readonly Refused[];
}

interface Rules {
  readonly values: readonly string[];
  readonly check: (text: string) => string | null;
  readonly max?: number;
}

/** What is there already is dropped without a word: the wish is fulfilled. */
export function sortChips(texts: readonly string[], { values, check, max }: Rules): Sorted {
  const taken: string[] = [];
  const refused: Refused[] = [];
  for (const text of new Set(texts)) {
    if (values.includes(text)) continue;
    const full = max !== undefined && values.length + taken.length >= max;
    const reason = check(text) ?? (full ? `At most ${max}.` : null);
    if (reason === null) taken.push(text);
    else refused.push({ text, reason });
  }
  return { taken, refused };
}
