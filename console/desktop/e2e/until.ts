// Waits for a condition, which is looked at again and again; there is no waiting for mere time.
const LONGEST_MS = 60_000;
const BETWEEN_MS = 50;

export type Found<T> = Exclude<NonNullable<T>, false>;

/** The first truthy answer of `look`. Throws with the last answer's failure if none comes. */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  longestMs = LONGEST_MS,
): Promise<Found<T>> {
  const deadline = performance.now() + longestMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen as Found<T>;
    if (performance.now() > deadline) throw new Error(`not within ${longestMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
}
