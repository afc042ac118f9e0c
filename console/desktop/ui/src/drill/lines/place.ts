// What a line is known by: where its frame begins, and in a cluster in which journal. Several journals may have a line
// at one place.

interface Place {
  readonly journal_offset: number;
  /** None: the only one. */
  readonly journal?: number | undefined;
}

/** "9842000" of the only journal, "2/9842000" of the second of a cluster. */
export function placeText({ journal_offset, journal = 0 }: Place): string {
  return journal === 0 ? String(journal_offset) : `${journal}/${journal_offset}`;
}

interface LineSearch {
  readonly line?: number | undefined;
  readonly journal?: number | undefined;
}

/** The line that an address names, as its place; null if it names none. */
export function chosenPlace({ line, journal }: LineSearch): string | null {
  return line === undefined ? null : placeText({ journal_offset: line, journal });
}

/** What names a line in an address. */
export function lineSearch({ journal_offset, journal, timestamp }: Place & { timestamp: string }) {
  return { line: journal_offset, at: timestamp, ...(journal !== undefined && { journal }) };
}

/** Takes the line out of an address. */
export const NO_LINE = { line: undefined, journal: undefined, at: undefined };
