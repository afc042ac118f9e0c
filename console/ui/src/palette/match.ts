// How well a text answers what was typed: its letters in their order, beginnings of words before anything else.

/** Points for a letter that begins a word, one that follows the last found, and any other. */
const POINTS = { begin: 8, next: 5, any: 1 } as const;
/** A text that is longer than what was typed answers it a little worse. */
const LENGTH_COST = 0.02;

/** Higher is better; null where the text does not hold all that was typed. */
export function matchScore(typed: string, text: string): number | null {
  let score = 0;
  for (const word of words(typed)) {
    const found = wordScore(word, text.toLowerCase());
    if (found === null) return null;
    score += found;
  }
  return score - text.length * LENGTH_COST;
}

function words(typed: string): readonly string[] {
  return typed.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The best of all places where the first letter may stand. */
function wordScore(word: string, text: string): number | null {
  let best: number | null = null;
  for (
    let from = text.indexOf(word[0] ?? "");
    from >= 0;
    from = text.indexOf(word[0] ?? "", from + 1)
  ) {
    const score = scoreFrom(word, text, from);
    if (score !== null && (best === null || score > best)) best = score;
  }
  return best;
}

function scoreFrom(word: string, text: string, from: number): number | null {
  let score = 0;
  let last = -1;
  let at = from;
  for (const letter of word) {
    at = last < 0 ? from : text.indexOf(letter, last + 1);
    if (at < 0) return null;
    if (last >= 0 && at === last + 1) score += POINTS.next;
    else score += beginsWord(text, at) ? POINTS.begin : POINTS.any;
    last = at;
  }
  return score;
}

function beginsWord(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? "");
}

interface Findable {
  readonly label: string;
  readonly keywords?: string;
}

/** A keyword answers worse than a name does. */
const KEYWORD_COST = 4;

/** What answers, best first; in the order given while nothing is typed. */
export function findMatches<T extends Findable>(items: readonly T[], typed: string): readonly T[] {
  if (typed.trim() === "") return items;
  return items
    .map((item, order) => ({ item, order, score: itemScore(item, typed) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0) || a.order - b.order)
    .map(({ item }) => item);
}

function itemScore({ label, keywords }: Findable, typed: string): number | null {
  const byLabel = matchScore(typed, label);
  if (keywords === undefined) return byLabel;
  const byAll = matchScore(typed, `${label} ${keywords}`);
  const scores = [byLabel, byAll === null ? null : byAll - KEYWORD_COST];
  return scores.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a));
}
