// Whose lines: in a cluster each ingester has them in a journal of its own, and a line is known by its place there.

/** The one that an address names, else the first; none where a process alone has the only journal. */
export function ingesterOf(
  ingesters: readonly string[],
  asked: string | undefined,
): string | undefined {
  return ingesters.find((name) => name === asked) ?? ingesters[0];
}

/** Names it in a request. */
export function ofJournal(journal: string | undefined): { readonly journal?: string } {
  return journal === undefined ? {} : { journal };
}
