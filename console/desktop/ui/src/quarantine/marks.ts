// A text with the place marked where it stops fitting.

interface Marked {
  readonly before: string;
  /** What does not fit, from the place to the end of the word. */
  readonly wrong: string;
  readonly after: string;
}

/** `position` is a character's, counted from 1, as the API counts them; null: no place is to blame. */
export function markAt(text: string, position: number | null): Marked {
  if (position === null) return { before: text, wrong: "", after: "" };
  const before = [...text].slice(0, Math.max(0, position - 1)).join("");
  const rest = text.slice(before.length);
  const wrong = /^\s*\S*/.exec(rest)?.[0] ?? "";
  return { before, wrong, after: rest.slice(wrong.length) };
}

const HEADER = /^<\d{1,3}>(?:\S+\s+){1,6}?\S+: /;

/** A line without its syslog header: what tells it from its neighbours. */
export function bodyOf(text: string): string {
  const body = text.replace(HEADER, "");
  return body === "" ? text : body;
}
